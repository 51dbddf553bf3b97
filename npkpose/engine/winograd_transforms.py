"""The transforms of a Winograd convolution, a vector of patches at a time; float32.

A patch is 6 x 6 pixels, which 4 x 4 windows of 3 x 3 see (`npkpose.engine.winograd`). Along one
axis, w is a row of taps, x of pixels and m of products. The formulas take anything that can be
added and multiplied: numbers, arrays, or vectors in code that is being written. Patches side by
side begin four pixels apart, so a vector of patches needs every fourth pixel of a row.
"""

from npkpose._numba import cgutils, intrinsic, ir, types
from npkpose.engine.activations import Vector
from npkpose.engine.vectors import (
    data_of,
    each_vector,
    load_masked,
    mask_below,
    number,
    spread,
    store_masked,
    vector_at,
    vector_type,
)

A, B = 3 / 4, 3 / 2  # the points are 0, A, -A, B, -B and infinity
A2, B2 = A * A, B * B


def transform_taps(w):
    """Return the six numbers of three taps: their polynomial's values, each by its own factor."""
    w0, w1, w2 = w
    a, b = (w0 + w2 * A2) * (0.5 / (A2 * (A2 - B2))), (w0 + w2 * B2) * (0.5 / (B2 * (B2 - A2)))
    a1, b1 = w1 * (0.5 / (A * (A2 - B2))), w1 * (0.5 / (B * (B2 - A2)))
    return w0 * (1 / (A2 * B2)), a + a1, a - a1, b + b1, b - b1, w2


def transform_pixels(x):
    """Return the six numbers of six pixels."""
    x0, x1, x2, x3, x4, x5 = x
    a, a1 = x4 - x2 * B2, (x3 - x1 * B2) * A
    b, b1 = x4 - x2 * A2, (x3 - x1 * A2) * B
    first, last = (u * (A2 * B2) - v * (A2 + B2) + w for u, v, w in ((x0, x2, x4), (x1, x3, x5)))
    return first, a + a1, a - a1, b + b1, b - b1, last


def transform_products(m):
    """Return the sums of four windows."""
    m0, a, a1, b, b1, m5 = m
    a, a1, b, b1 = a + a1, a - a1, b + b1, b - b1
    return m0 + a + b, a1 * A + b1 * B, a * A2 + b * B2, a1 * (A * A2) + b1 * (B * B2) + m5


def _transform(write):
    """Return an intrinsic that moves ``count`` numbers in each of some rows to other rows.

    Rows of ``source`` begin at s and are ``apart``, those of ``target`` at t and ``to_apart``. For
    each vector, ``write(b, source, target)`` is called with functions of a row that return
    addresses.
    """

    @intrinsic
    def transform(_, source, s, apart, count, target, t, to_apart):
        i = types.intp
        signature = types.void(source, i, i, i, target, i, i)

        def generate(context, b, signature, arguments):
            source, s, apart, count, target, t, to_apart = data_of(
                context, b, signature.args, arguments
            )
            lanes = vector_type(b, source.type.pointee)[0].count
            with cgutils.for_range_slice(b, number(0), count, number(lanes)) as (l, _):
                write(b, _rows(b, source, s, apart, l), _rows(b, target, t, to_apart, l))
            return context.get_dummy_value()

        return signature, generate

    return transform


def _rows(b, array, start, apart, l):
    """Return a function of a row k and n: the address of number n l of the row, plus others."""

    def place(k, n=1, vectors=0):
        vector, _ = vector_type(b, array.type.pointee)
        at = b.add(b.add(start, b.mul(apart, number(k))), b.mul(l, number(n)))
        return vector_at(b, array, b.add(at, number(vectors * vector.count)), vector)

    return place


def _load(b, place):
    return Vector(b, b.load(place, align=1))


def _store(b, values, place):
    """Store vector k at ``place(k)``."""
    for k, value in enumerate(values):
        b.store(value.value, place(k), align=1)


@_transform
def spread_patches(b, source, target):
    """From six rows of pixels, transformed along columns, to 36 rows with a number of each patch.

    Reads two pixels more than four for each patch.
    """
    for p in range(6):
        pixels = [b.load(source(p, 4, k), align=1) for k in range(4)]
        pixels = _every_fourth(b, pixels)
        vector = pixels[0].type
        after = b.bitcast(source(p, 4, 4), vector.element.as_pointer())
        for k in range(2):
            beyond = spread(b, b.load(b.gep(after, [number(k)])), vector)
            pixels.append(_shuffle(b, pixels[k], beyond, range(1, vector.count + 1)))
        pixels = [Vector(b, each) for each in pixels]
        _store(b, transform_pixels(pixels), lambda q, p=p: target(6 * p + q))


@_transform
def join_windows(b, source, target):
    """From 36 rows with a product of each patch to four rows of windows."""
    columns = [
        transform_products([_load(b, source(6 * p + q)) for p in range(6)]) for q in range(6)
    ]
    for p, row in enumerate(zip(*columns)):
        windows = _in_turns(b, [each.value for each in transform_products(row)])
        _store(b, [Vector(b, each) for each in windows], lambda k, p=p: target(p, 4, k))


def _shuffle(b, x, y, order):
    """Return lanes of two vectors: lane l of y has the number l + the lanes of x."""
    order = ir.Constant(ir.VectorType(ir.IntType(32), x.type.count), list(order))
    return b.shuffle_vector(x, y, order)


def _every_fourth(b, vectors):
    """Return four vectors: every fourth lane of four, from lane 0, 1, 2 and 3 on."""
    lanes = vectors[0].type.count

    def every_second(x, y, first):
        return _shuffle(b, x, y, range(first, 2 * lanes, 2))

    even, odd = ([every_second(*vectors[k : k + 2], n) for k in (0, 2)] for n in (0, 1))
    return [every_second(*pair, n) for n in (0, 1) for pair in (even, odd)]


def _every_third(b, vectors):
    """Return three vectors: every third lane of three, from lane 0, 1 and 2 on."""
    x, y, z = vectors
    lanes = x.type.count
    places = [range(first, 3 * lanes, 3) for first in range(3)]
    pairs = [_shuffle(b, x, y, [p if p < 2 * lanes else 0 for p in each]) for each in places]
    orders = [[p - lanes if p >= 2 * lanes else l for l, p in enumerate(each)] for each in places]
    return [Vector(b, _shuffle(b, pair, z, order)) for pair, order in zip(pairs, orders)]


def _in_turns(b, vectors):
    """Return four vectors side by side that have lanes of four in turns."""
    lanes = vectors[0].type.count

    def two_in_turns(x, y):
        return [
            _shuffle(b, x, y, [first + l // 2 + lanes * (l % 2) for l in range(lanes)])
            for first in (0, lanes // 2)
        ]

    pairs = zip(two_in_turns(*vectors[0::2]), two_in_turns(*vectors[1::2]))
    return [vector for pair in pairs for vector in two_in_turns(*pair)]


@intrinsic
def spread_taps(_, source, s, count, target, t, apart):
    """From ``count`` times 3 x 3 taps to 36 rows of ``target``; zeros up to a whole vector."""
    i = types.intp
    signature = types.void(source, i, i, target, i, i)

    def generate(context, b, signature, arguments):
        source, s, count, target, t, apart = data_of(context, b, signature.args, arguments)
        vector, _ = vector_type(b, source.type.pointee)
        source = b.gep(source, [s])

        def load(l, k):
            start = b.add(b.mul(l, number(9)), number(k * vector.count))
            mask = mask_below(b, b.sub(b.mul(count, number(9)), start), vector.count)
            return load_masked(b, vector_at(b, source, start, vector), vector, mask)

        with cgutils.for_range_slice(b, number(0), count, number(vector.count)) as (l, _):
            taps = [load(l, k) for k in range(9)]
            parts = zip(*(_every_third(b, taps[k : k + 3]) for k in (0, 3, 6)))  # of columns
            columns = [
                transform_taps(_every_third(b, [each.value for each in part])) for part in parts
            ]
            place = _rows(b, target, t, apart, l)
            for p, row in enumerate(zip(*columns)):
                _store(b, transform_taps(row), lambda q, p=p: place(6 * p + q))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def transform_columns(_, sources, count, target, t, apart):
    """From six rows of ``count`` pixels at addresses to six rows; zeros up to a whole vector."""
    i = types.intp
    signature = types.void(sources, i, target, i, i)

    def generate(context, b, signature, arguments):
        sources, count, target, t, apart = data_of(context, b, signature.args, arguments)
        vector, _ = vector_type(b, target.type.pointee)
        rows = [b.load(b.gep(sources, [number(k)])) for k in range(6)]
        rows = [b.inttoptr(row, target.type) for row in rows]

        def transform(l, load):
            pixels = [Vector(b, load(vector_at(b, row, l, vector))) for row in rows]
            _store(b, transform_pixels(pixels), _rows(b, target, t, apart, l))

        whole = b.and_(count, number(-vector.count))
        with cgutils.for_range_slice(b, number(0), whole, number(vector.count)) as (l, _):
            transform(l, lambda place: b.load(place, align=1))
        mask = mask_below(b, b.sub(count, whole), vector.count)
        transform(whole, lambda place: load_masked(b, place, vector, mask))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def finish_row(_, sums, s, y, t, count, scale, shift, residual, has_residual, lowest, highest):
    """Write scale sum + shift + residual, between two bounds, to ``y``: ``count`` numbers."""
    i, real, flag = types.intp, types.float32, types.boolean
    signature = types.void(sums, i, y, i, i, real, real, residual, flag, real, real)

    def generate(context, b, signature, arguments):
        sums, s, y, t, count, *factors, residual, has_residual, low, high = data_of(
            context, b, signature.args, arguments
        )
        vector, _ = vector_type(b, y.type.pointee)
        scale, shift, low, high = (Vector(b, spread(b, n, vector)) for n in (*factors, low, high))
        none = ir.Constant(ir.VectorType(ir.IntType(1), vector.count), None)
        sums, y, residual = b.gep(sums, [s]), b.gep(y, [t]), b.gep(residual, [t])
        with each_vector(b, count, vector.count) as (l, mask):
            value = _load(b, vector_at(b, sums, l, vector)) * scale + shift
            seen = b.select(has_residual, mask, none)
            added = load_masked(b, vector_at(b, residual, l, vector), vector, seen)
            value = (value + Vector(b, added)).between(low, high)
            store_masked(b, value.value, vector_at(b, y, l, vector), mask)
        return context.get_dummy_value()

    return signature, generate
