"""LLVM's vectors in compiled code: their type, masks, and copies that use them.

Numba has no vectors, and would keep an array of sums in memory. `numba.extending.intrinsic` lets a
function write LLVM's instructions (https://llvm.org/docs/LangRef.html) through llvmlite, which has
them compiled for the processor: 16 lanes of float32 and 32 registers with AVX-512, 8 and 16 with
AVX2, 4 and 32 on ARM (NEON).
"""

from contextlib import contextmanager

from npkpose._numba import binding, cgutils, intrinsic, ir, types


def _vector_bytes_and_rows():
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 8
    if features.get("avx2"):
        return 32, 4
    return 16, 8 if features.get("neon") else 4


# A tile has up to ROWS rows of up to VECTORS vectors: its sums, a vector of each row of pixels and
# one of weights fill the registers.
VECTOR_BYTES, ROWS = _vector_bytes_and_rows()
VECTORS = 3
HAS_MASKS = VECTOR_BYTES >= 32


def tile_heights():
    """Return the heights of tiles: ROWS, half of it, and 1."""
    return [ROWS, ROWS // 2, 1]


def number(n):
    """Return n as a constant of 64 bits."""
    return ir.Constant(ir.IntType(64), n)


def data_of(context, builder, kinds, values):
    """Return the values with arrays replaced by the addresses of their first numbers."""
    return [
        context.make_array(kind)(context, builder, value).data
        if isinstance(kind, types.Array) else value
        for kind, value in zip(kinds, values)
    ]  # fmt: skip


def on_shape(builder, P, V, generate):
    """Call ``generate(rows, vectors)`` for each shape of a tile, where it is P x V."""
    for rows in tile_heights():
        for vectors in range(1, VECTORS + 1):
            same = builder.and_(
                builder.icmp_signed("==", P, number(rows)),
                builder.icmp_signed("==", V, number(vectors)),
            )
            with builder.if_then(same):
                generate(rows, vectors)


def vector_type(b, real):
    """Return the type of a vector of ``real`` numbers, and its a b + c."""
    size = 8 if isinstance(real, ir.DoubleType) else 4
    vector = ir.VectorType(real, VECTOR_BYTES // size)
    name = f"llvm.fmuladd.v{vector.count}f{8 * size}"
    kind = ir.FunctionType(vector, [vector] * 3)
    return vector, cgutils.get_or_insert_function(b.module, kind, name)


def spread(b, number, vector):
    """Return a vector whose lanes all are ``number``."""
    undefined, i32 = ir.Constant(vector, ir.Undefined), ir.IntType(32)
    first = b.insert_element(undefined, number, ir.Constant(i32, 0))
    lanes = ir.Constant(ir.VectorType(i32, vector.count), [0] * vector.count)
    return b.shuffle_vector(first, undefined, lanes)


def vector_at(b, pointer, offset, vector):
    """Return the address of the vector that begins ``offset`` numbers after ``pointer``."""
    return b.bitcast(b.gep(pointer, [offset]), vector.as_pointer())


def mask_below(b, count, lanes):
    """Return a mask of the first ``count`` lanes."""
    numbers = ir.VectorType(ir.IntType(32), lanes)
    count = b.select(b.icmp_signed("<", count, number(lanes)), count, number(lanes))
    count = b.trunc(count, numbers.element)
    return b.icmp_signed("<", ir.Constant(numbers, list(range(lanes))), spread(b, count, numbers))


@contextmanager
def each_vector(b, count, lanes):
    """Write a loop over the vectors of ``count`` numbers; yield a vector's first number and mask.

    The body follows in the ``with`` statement. Only the last mask can leave lanes out.
    """
    with cgutils.for_range_slice(b, number(0), count, number(lanes)) as (l, _):
        yield l, mask_below(b, b.sub(count, l), lanes)


def load_masked(b, pointer, vector, mask):
    """Return the masked lanes of the vector at ``pointer``, the others 0; they are not read."""
    arguments = [pointer, ir.Constant(ir.IntType(32), 1), mask, ir.Constant(vector, None)]
    return _call_masked(b, "load", vector, vector, arguments)


def store_masked(b, value, pointer, mask):
    """Write the masked lanes of a vector."""
    arguments = [value, pointer, ir.Constant(ir.IntType(32), 1), mask]
    _call_masked(b, "store", value.type, ir.VoidType(), arguments)


def _call_masked(b, name, vector, result, arguments):
    size = 32 if isinstance(vector.element, ir.FloatType) else 64
    kind = ir.FunctionType(result, [a.type for a in arguments])
    name = f"llvm.masked.{name}.v{vector.count}f{size}.p0"
    return b.call(cgutils.get_or_insert_function(b.module, kind, name), arguments)


@intrinsic
def copy_numbers(_, source, s, target, t, count):
    """Copy ``count`` numbers from ``source[s:]`` to ``target[t:]``, which do not overlap."""
    i = types.intp
    signature = types.void(source, i, target, i, i)

    def generate(context, b, signature, arguments):
        source, s, target, t, count = data_of(context, b, signature.args, arguments)
        source, target = b.gep(source, [s]), b.gep(target, [t])
        if not HAS_MASKS:
            size = 8 if isinstance(source.type.pointee, ir.DoubleType) else 4
            cgutils.raw_memcpy(b, target, source, count, size)
            return context.get_dummy_value()
        vector, _ = vector_type(b, source.type.pointee)
        with each_vector(b, count, vector.count) as (l, mask):
            seen = load_masked(b, vector_at(b, source, l, vector), vector, mask)
            store_masked(b, seen, vector_at(b, target, l, vector), mask)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_every_second(_, source, s, target, t, count):
    """Copy ``count`` >= 1 numbers, two apart, from ``source[s:]`` to ``target[t:]``."""
    i = types.intp
    signature = types.void(source, i, target, i, i)

    def generate(context, b, signature, arguments):
        source, s, target, t, count = data_of(context, b, signature.args, arguments)
        source, target = b.gep(source, [s]), b.gep(target, [t])
        vector, _ = vector_type(b, source.type.pointee)
        lanes = vector.count
        even = ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(range(0, 2 * lanes, 2)))
        whole = b.and_(b.sub(count, number(1)), number(-lanes))
        with cgutils.for_range_slice(b, number(0), whole, number(lanes)) as (l, _):
            first = b.gep(source, [b.mul(l, number(2))])
            pair = [b.load(vector_at(b, first, number(n), vector), align=1) for n in (0, lanes)]
            b.store(b.shuffle_vector(*pair, even), vector_at(b, target, l, vector), align=1)
        first, left, pair = b.gep(source, [b.mul(whole, number(2))]), b.sub(count, whole), []
        for n in 0, lanes:
            mask = mask_below(b, b.sub(b.mul(left, number(2)), number(n + 1)), lanes)
            pair.append(load_masked(b, vector_at(b, first, number(n), vector), vector, mask))
        place, mask = vector_at(b, target, whole, vector), mask_below(b, left, lanes)
        store_masked(b, b.shuffle_vector(*pair, even), place, mask)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def split_pairs(_, source, s, count, target, t, u):
    """Copy ``count`` numbers from ``source[s:]`` in turns to ``target[t:]`` and ``target[u:]``."""
    i = types.intp
    signature = types.void(source, i, i, target, i, i)

    def generate(context, b, signature, arguments):
        source, s, count, target, t, u = data_of(context, b, signature.args, arguments)
        source, targets = b.gep(source, [s]), [b.gep(target, [at]) for at in (t, u)]
        vector, _ = vector_type(b, source.type.pointee)
        lanes, turns = vector.count, ir.VectorType(ir.IntType(32), vector.count)

        def copy(l, load, store):
            pair = [load(vector_at(b, source, b.add(l, number(n)), vector), n) for n in (0, lanes)]
            for n, target in enumerate(targets):
                each = ir.Constant(turns, list(range(n, 2 * lanes, 2)))
                place = vector_at(b, target, b.lshr(l, number(1)), vector)
                store(b.shuffle_vector(*pair, each), place, n)

        whole = b.and_(count, number(-2 * lanes))
        with cgutils.for_range_slice(b, number(0), whole, number(2 * lanes)) as (l, _):
            copy(l, lambda at, n: b.load(at, align=1), lambda v, at, n: b.store(v, at, align=1))
        left = b.sub(count, whole)
        masks = [mask_below(b, b.sub(left, number(n)), lanes) for n in (0, lanes)]
        halves = [mask_below(b, b.lshr(b.add(left, number(n)), number(1)), lanes) for n in (1, 0)]
        copy(
            whole, lambda at, n: load_masked(b, at, vector, masks[n // lanes]),
            lambda v, at, n: store_masked(b, v, at, halves[n]),
        )  # fmt: skip
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_to_every_second(_, source, s, target, t, count):
    """Copy ``count`` numbers from ``source[s:]`` to ``target[t:]``, two apart there."""
    i = types.intp
    signature = types.void(source, i, target, i, i)

    def generate(context, b, signature, arguments):
        source, s, target, t, count = data_of(context, b, signature.args, arguments)
        source, target = b.gep(source, [s]), b.gep(target, [t])
        vector, _ = vector_type(b, source.type.pointee)
        lanes, numbers = vector.count, ir.VectorType(ir.IntType(32), vector.count)
        even = ir.Constant(ir.VectorType(ir.IntType(1), lanes), [1, 0] * (lanes // 2))
        with each_vector(b, count, lanes) as (l, mask):
            left = b.sub(count, l)
            seen = load_masked(b, vector_at(b, source, l, vector), vector, mask)
            for half in 0, lanes // 2:
                each = ir.Constant(numbers, [half + lane // 2 for lane in range(lanes)])
                place = b.add(b.mul(l, number(2)), number(2 * half))
                beyond = b.sub(b.mul(left, number(2)), number(2 * half))
                mask = b.and_(mask_below(b, beyond, lanes), even)
                pair = b.shuffle_vector(seen, seen, each)
                store_masked(b, pair, vector_at(b, target, place, vector), mask)
        return context.get_dummy_value()

    return signature, generate
