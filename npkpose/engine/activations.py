"""Activations of numbers, a vector at a time; float32.

An activation is a number, with two parameters a and b:

    SIGMOID     1 / (1 + exp(-x))            SILU        x sigmoid(x)
    CLIP        from a to b                  LEAKY       x, or a x below zero
    HARD_SIGMOID   a x + b, from 0 to 1      HARD_SWISH  x times that
    GELU        `npkpose.engine.gelu`        EXP, SQRT, SQUARE, AFFINE: a x + b

They follow a tile of a convolution (`npkpose.engine.conv_kernels`), whose numbers are still in the
first cache, or are jobs of their own (`npkpose.engine.pointwise`).
"""

from npkpose._jit import kernel
from npkpose._numba import cgutils, intrinsic, ir, types
from npkpose.engine import elementary
from npkpose.engine.vectors import (
    data_of,
    each_vector,
    load_masked,
    number,
    spread,
    store_masked,
    vector_at,
    vector_type,
)

(SIGMOID, SILU, CLIP, LEAKY, HARD_SIGMOID, HARD_SWISH, GELU, EXP, SQRT, SQUARE, AFFINE) = range(11)
NONE = -1


@kernel
def activate(kind, y, at, row, rows, count, a, b):
    """Replace ``count`` numbers in each of some rows of ``y``, the first one at ``at``.

    Compiled for float64 too, where it does nothing.
    """
    _activate(kind, y, at, row, rows, count, a, b)


@intrinsic
def _activate(_, kind, y, at, row, rows, count, a, b):
    i, real = types.intp, types.float32
    signature = types.void(i, y, i, i, i, i, real, real)

    def generate(context, builder, signature, arguments):
        kind, *others = data_of(context, builder, signature.args, arguments)
        for k, function in enumerate(_FUNCTIONS if y.dtype == real else ()):
            with builder.if_then(builder.icmp_signed("==", kind, number(k))):
                _replace(builder, function, *others)
        return context.get_dummy_value()

    return signature, generate


def _replace(b, function, y, at, row, rows, count, *numbers):
    """Write the loops that replace numbers by a function of them."""
    vector, _ = vector_type(b, y.type.pointee)
    numbers = [Vector(b, spread(b, n, vector)) for n in numbers]
    with cgutils.for_range_slice(b, number(0), rows, number(1)) as (p, _):
        start = b.gep(y, [b.add(at, b.mul(row, p))])
        with each_vector(b, count, vector.count) as (l, mask):
            place = vector_at(b, start, l, vector)
            x = Vector(b, load_masked(b, place, vector, mask))
            store_masked(b, function(x, *numbers).value, place, mask)


class Vector:
    """A vector in code that is being written, with its builder; a b + c may be rounded once."""

    def __init__(self, b, value):
        self.b, self.value = b, value

    def _operator(name):  # noqa: N805
        def apply(self, other):
            other = self._vector(other)
            return Vector(self.b, getattr(self.b, name)(self.value, other, flags=("contract",)))

        return apply

    __add__, __sub__, __mul__, __truediv__ = map(_operator, ("fadd", "fsub", "fmul", "fdiv"))

    def __rtruediv__(self, other):
        return Vector(self.b, self._vector(other)) / self

    def _vector(self, other):
        if isinstance(other, Vector):
            return other.value
        return ir.Constant(self.value.type, [float(other)] * self.value.type.count)

    def where(self, relation, limit, yes, no):
        """Return ``yes`` where self relation limit, else ``no``."""
        holds = self.b.fcmp_ordered(relation, self.value, self._vector(limit))
        return Vector(self.b, self.b.select(holds, self._vector(yes), self._vector(no)))

    def maximum(self, other):
        """Return the larger numbers; those of ``self`` where they are not NaN and ``other`` is."""
        return self.where("<", other, other, self)

    def across(self, combine):
        """Return a vector whose lanes all are ``combine`` (of two vectors) of all lanes."""
        total, count = self, self.value.type.count
        step, places = count, ir.VectorType(ir.IntType(32), count)
        while step > 1:
            step //= 2
            turned = ir.Constant(places, [(lane + step) % count for lane in range(count)])
            other = self.b.shuffle_vector(total.value, total.value, turned)
            total = combine(total, Vector(self.b, other))
        return total

    def between(self, least, largest):
        """Return numbers no less and no larger than two others; NaN stays."""
        x = self.where("<", least, least, self)
        return x.where(">", largest, largest, x)

    def call(self, name):
        """Return one of LLVM's functions of a vector."""
        kind = ir.FunctionType(self.value.type, [self.value.type])
        name = f"llvm.{name}.v{self.value.type.count}f32"
        function = cgutils.get_or_insert_function(self.b.module, kind, name)
        return Vector(self.b, self.b.call(function, [self.value]))

    def power_of_two(self):
        """Return 2^n for whole numbers n, written into the exponent's bits."""
        b, whole = self.b, ir.VectorType(ir.IntType(32), self.value.type.count)
        bias, shift = (ir.Constant(whole, [n] * whole.count) for n in (127, 23))
        bits = b.shl(b.add(b.fptosi(self.value, whole), bias), shift)
        return Vector(b, b.bitcast(bits, self.value.type))


def exp(x):
    """Return the exponential function of a `Vector`, as `npkpose.engine.elementary` has it."""
    x = x.between(elementary.LOWEST, elementary.HIGHEST)
    n = (x * elementary.LOG2_E + 0.5).call("floor")
    r = x - n * elementary.LN2_HIGH - n * elementary.LN2_LOW
    return (_polynomial(elementary.COEFFICIENTS, r) * r * r + r + 1) * n.power_of_two()


def _polynomial(coefficients, x):
    """Return the polynomial with these coefficients, lowest first."""
    *others, total = coefficients
    for c in reversed(others):
        total = x * total + c
    return total


def _gelu(x):
    a = x.where("<", 0, x * -1, x).between(0, elementary.LARGEST)
    tail = exp(a * a * -0.5) * _polynomial(elementary.MILLS, 1 / (a * (1 / 3) + 1))
    return x.where("<", 0, 0, x) - a * tail


_FUNCTIONS = (
    lambda x, a, b: 1 / (exp(x * -1) + 1),
    lambda x, a, b: x / (exp(x * -1) + 1),
    lambda x, a, b: x.between(a, b),
    lambda x, a, b: x.where("<", 0, x * a, x),
    lambda x, a, b: (x * a + b).between(0, 1),
    lambda x, a, b: x * (x * a + b).between(0, 1),
    lambda x, a, b: _gelu(x),
    lambda x, a, b: exp(x),
    lambda x, a, b: x.call("sqrt"),
    lambda x, a, b: x * x,
    lambda x, a, b: x * a + b,
)
