"""A small matrix product whose sums stay in registers; all arithmetic of networks is done by it.

    out[o, l] += sum_k w[o, k] x[k, l]          for P rows o and V vectors of numbers l

For each k it loads V vectors of x and spreads P numbers of w over a vector each; that feeds P V
fused multiply-adds, more than enough for the units to wait for nothing. Row k of x and column k of
w lie wherever two tables of offsets say:

    w[o, k] = w[w_at + o w_row + w_offsets[k]],    x[k, l] = x[x_at + x_offsets[k] + l]

so that a convolution's pixels and weights are read where they are (Dukhan, "The Indirect
Convolution Algorithm", 2019, arXiv:1907.02129). Goto & van de Geijn, "Anatomy of high-performance
matrix multiplication", ACM TOMS 34(3), 2008, section 6, explains the shape of such a tile;
`npkpose.engine.vectors` has what it is written in.
"""

import numpy as np

from npkpose._numba import cgutils, intrinsic, ir, types
from npkpose.engine.scratch import LINE
from npkpose.engine.vectors import (
    ROWS,
    VECTOR_BYTES,
    data_of,
    load_masked,
    mask_below,
    number,
    on_shape,
    spread,
    store_masked,
    vector_type,
)


@intrinsic
def tile(
    _, P, V, x, x_at, x_offsets, first, end, w, w_at, w_row, w_offsets,
    sums, sums_at, sums_row, add, y, y_at, y_row, count, scale, shift, channel, residual,
    lowest, highest,
):  # fmt: skip
    """Sum terms first to end of P rows of V vectors.

    They start from ``sums`` if ``add``, and go there if ``count`` is 0. Otherwise the sum is
    complete: scale sum + shift + residual, no less than ``lowest`` and no more than ``highest``,
    goes to ``y``, ``count`` numbers in a row. ``scale`` and ``shift`` have a number for row
    ``channel`` + p; ``residual`` is like ``y``, or empty.
    """
    i, real = types.intp, x.dtype
    signature = types.void(
        i, i, x, i, x_offsets, i, i, w, i, i, w_offsets,
        sums, i, i, types.boolean, y, i, i, i, scale, shift, i, residual, real, real,
    )  # fmt: skip

    def generate(context, builder, signature, arguments):
        residual = context.make_array(signature.args[-3])(context, builder, arguments[-3])
        has_residual = builder.icmp_signed("!=", residual.nitems, number(0))
        P, V, *data = data_of(context, builder, signature.args, arguments)
        values = dict(zip(_NAMES, data), has_residual=has_residual)
        on_shape(builder, P, V, lambda *shape: _Tile(builder, *shape, **values).generate())
        return context.get_dummy_value()

    return signature, generate


_NAMES = (  # of the arguments after P and V
    "x x_at x_offsets first end w w_at w_row w_offsets sums sums_at sums_row add "
    "y y_at y_row count scale shift channel residual lowest highest"
).split()


class _Tile:
    """The code of a tile of P rows of V vectors."""

    def __init__(self, builder, P, V, **values):
        self.b, self.P, self.V = builder, P, V
        vars(self).update(values)
        self.vector, self.fma = vector_type(builder, self.x.type.pointee)
        self.lanes = self.vector.count
        self.totals = {
            place: cgutils.alloca_once(builder, self.vector) for place in np.ndindex(P, V)
        }

    def generate(self):
        """Begin, add all products, and end."""
        b = self.b
        with b.if_else(self.add) as (then, otherwise):
            with then:
                self.each(lambda p, v: self.load(self.sums, self.sums_at, self.sums_row, p, v))
            with otherwise:
                self.each(lambda p, v: ir.Constant(self.vector, None))
        self.add_products()
        with b.if_else(b.icmp_signed("==", self.count, number(0))) as (then, otherwise):
            with then:
                for (p, v), total in self.totals.items():
                    target = self.at(self.sums, self.sums_at, self.sums_row, p, v)
                    b.store(b.load(total), target, align=1)
            with otherwise:
                self.finish()

    def each(self, function):
        """Replace each total by ``function(p, v)``."""
        for place, total in self.totals.items():
            self.b.store(function(*place), total)

    def at(self, array, start, row, p, v):
        """Return where vector v of row p of an array lies."""
        b = self.b
        place = b.add(start, b.add(b.mul(row, number(p)), number(v * self.lanes)))
        return b.bitcast(b.gep(array, [place]), self.vector.as_pointer())

    def load(self, *place):
        """Return the vector that lies at a place; see `at`."""
        return self.b.load(self.at(*place), align=1)

    def add_products(self):
        """Add the products of all terms: V vectors are loaded, P numbers spread over vectors."""
        b = self.b
        x, w = b.gep(self.x, [self.x_at]), b.gep(self.w, [self.w_at])
        rows = [b.gep(w, [b.mul(self.w_row, number(p))]) for p in range(self.P)]
        with cgutils.for_range_slice(b, self.first, self.end, number(1)) as (k, _):
            pixels = b.gep(x, [b.load(b.gep(self.x_offsets, [k]))])
            pixels = [self.load(pixels, number(0), number(0), 0, v) for v in range(self.V)]
            column = b.load(b.gep(self.w_offsets, [k]))
            if self.P == ROWS and self.V > 1:
                in_line = b.and_(k, number(LINE * self.lanes // VECTOR_BYTES - 1))
                with b.if_then(b.icmp_signed("==", in_line, number(0)), likely=False):
                    self.prefetch(rows, column)
            for p, row in enumerate(rows):
                factor = spread(b, b.load(b.gep(row, [column])), self.vector)
                for v, pixel in enumerate(pixels):
                    total = self.totals[p, v]
                    b.store(b.call(self.fma, [factor, pixel, b.load(total)]), total)

    def prefetch(self, rows, column):
        """Ask for the weights of the next rows, so that the next tile finds them in the cache."""
        b, i32 = self.b, ir.IntType(32)
        for row in rows:
            place = b.gep(row, [b.add(b.mul(self.w_row, number(self.P)), column)])
            place = b.bitcast(place, ir.IntType(8).as_pointer())
            kind = ir.FunctionType(ir.VoidType(), [place.type, i32, i32, i32])
            function = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
            b.call(function, [place, *(ir.Constant(i32, n) for n in (0, 3, 1))])  # read, keep, data

    def finish(self):
        """Write scale sum + shift + residual, between two bounds, to ``y``."""
        b = self.b
        for p in range(self.P):
            c = b.add(self.channel, number(p))
            scale, shift = (
                spread(b, b.load(b.gep(a, [c])), self.vector) for a in (self.scale, self.shift)
            )
            for v in range(self.V):
                total = self.totals[p, v]
                b.store(b.call(self.fma, [scale, b.load(total), shift]), total)
        last = b.sub(self.count, number((self.V - 1) * self.lanes))
        mask = mask_below(b, last, self.lanes)  # of the last vectors of rows
        with b.if_then(self.has_residual):
            for place in self.totals:
                self.add_residual(*place, mask)
        bounds = [spread(b, bound, self.vector) for bound in (self.lowest, self.highest)]
        for place in self.totals:
            self.write(*place, *bounds, mask)

    def add_residual(self, p, v, mask):
        """Add to a total its vector of the residual."""
        place = self.at(self.residual, self.y_at, self.y_row, p, v)
        if v == self.V - 1:
            residual = load_masked(self.b, place, self.vector, mask)
        else:
            residual = self.b.load(place, align=1)
        total = self.totals[p, v]
        self.b.store(self.b.fadd(self.b.load(total), residual), total)

    def write(self, p, v, lowest, highest, mask):
        """Write a total to ``y``, between two bounds."""
        b, place = self.b, self.at(self.y, self.y_at, self.y_row, p, v)
        value = b.load(self.totals[p, v])
        value = b.select(b.fcmp_ordered("<", value, lowest), lowest, value)
        value = b.select(b.fcmp_ordered(">", value, highest), highest, value)
        if v == self.V - 1:
            store_masked(b, value, place, mask)
        else:
            b.store(value, place, align=1)
