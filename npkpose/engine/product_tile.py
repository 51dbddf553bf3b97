"""The tile that multiplies rows with rows, as the gradient of a weight needs it.

    out[o, k] += sum_l a[o, l] x[k, l]          for P rows o and V rows k

As in `npkpose.engine.register_tile` the sums stay in registers; here each is a vector, whose lanes
are added up at the end.
"""

import numpy as np

from npkpose._numba import cgutils, intrinsic, ir, types
from npkpose.engine.vectors import data_of, number, on_shape, vector_at, vector_type


@intrinsic
def product_tile(
    _, P, V, a, a_at, a_row, x, x_at, x_offsets, k, length, out, out_at, out_row
):  # fmt: skip
    """Add to P x V numbers of ``out`` the products of rows of ``a`` with rows of ``x``.

    Rows have ``length`` numbers, a multiple of the lanes; row v of x lies at ``x_offsets[k + v]``.
    """
    i = types.intp
    signature = types.void(i, i, a, i, i, x, i, x_offsets, i, i, out, i, i)

    def generate(context, builder, signature, arguments):
        P, V, *data = data_of(context, builder, signature.args, arguments)
        on_shape(builder, P, V, lambda *shape: _generate(builder, *shape, *data))
        return context.get_dummy_value()

    return signature, generate


def _generate(
    b, P, V, a, a_at, a_row, x, x_at, x_offsets, k, length, out, out_at, out_row
):  # fmt: skip
    real = a.type.pointee
    vector, fma = vector_type(b, real)
    a, x, out = b.gep(a, [a_at]), b.gep(x, [x_at]), b.gep(out, [out_at])
    rows = [b.gep(a, [b.mul(a_row, number(p))]) for p in range(P)]
    cols = [b.gep(x, [b.load(b.gep(x_offsets, [b.add(k, number(v))]))]) for v in range(V)]
    sums = [[cgutils.alloca_once(b, vector) for _ in range(V)] for _ in range(P)]
    for p, v in np.ndindex(P, V):
        b.store(ir.Constant(vector, None), sums[p][v])

    def load(row, l):
        return b.load(vector_at(b, row, l, vector), align=1)

    with cgutils.for_range_slice(b, number(0), length, number(vector.count)) as (l, _):
        seen = [load(col, l) for col in cols]
        for p in range(P):
            factor = load(rows[p], l)
            for v in range(V):
                b.store(b.call(fma, [factor, seen[v], b.load(sums[p][v])]), sums[p][v])
    together = min(P, vector.count)
    for v in range(V):
        for p in range(0, P, together):
            totals = _totals(b, [b.load(sums[p + q][v]) for q in range(together)])
            for q, total in enumerate(totals):
                place = b.gep(out, [b.add(b.mul(out_row, number(p + q)), number(v))])
                b.store(b.fadd(b.load(place), total), place)


def _totals(b, vectors):
    """Return the sum of the lanes of each of n vectors, n a power of two up to the lanes.

    Two vectors become one, whose halves are the sums of their halves, until one is left.
    """
    count, length = len(vectors), vectors[0].type.count
    lanes, i32 = length, ir.IntType(32)
    while length > 1:
        starts = [start for first in (0, lanes) for start in range(first, first + lanes, length)]
        halves = []
        for half in 0, length // 2:
            order = [start + half + l for start in starts for l in range(length // 2)]
            halves.append(ir.Constant(ir.VectorType(i32, lanes), order))
        pairs = list(zip(vectors[::2], vectors[1::2])) or [(vectors[0], vectors[0])]
        vectors = [b.fadd(*(b.shuffle_vector(x, y, half) for half in halves)) for x, y in pairs]
        length //= 2
    return [b.extract_element(vectors[0], ir.Constant(i32, q)) for q in range(count)]
