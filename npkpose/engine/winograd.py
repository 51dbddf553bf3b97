"""A 3x3 convolution with a quarter of the multiplications: Winograd's method, for evaluation.

    y = A' [ sum_c (G w G') * (B' x B) ] A         * being the product of numbers at one place

gives 4 x 4 windows of one output channel from patches x of 6 x 6 pixels: 36 products for each
channel instead of 144. Along one axis it multiplies two polynomials by their values at six points:
pixels and taps are transformed to values, the sum over channels is taken there, and its transform
gives the windows. For one place of the 36 that sum is a matrix product, channels by channels by
patches, of the register tile (`npkpose.engine.conv_kernels`). A dilation d makes d x d convolutions
of every d-th pixel.

Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv:1509.09308:
F(4x4, 3x3). Departures:

- The points are 0, +-3/4, +-3/2 and infinity, theirs 0, +-1, +-2 and infinity: rounding errors are
  a quarter as large. The largest is 2e-6 of the largest sum for 128 channels, 3e-6 for 512; the
  direct way's is a tenth of it. Barabasz et al., "Error Analysis and Improving the Accuracy of
  Winograd Convolution for Deep Neural Networks", ACM TOMS 46(4), 2020, arXiv:1803.10986, explain
  how errors depend on the points.
- An infinite or undefined pixel spoils all windows of its patches.
- Weights are transformed in each call, with all threads: a copy kept from the last call would have
  to notice each change of them, and is four times as large.

While training, and for float64, convolutions stay direct: `npkpose.engine.conv_forward`.
"""

from functools import lru_cache

import numpy as np

from npkpose.engine.conv_forward import (
    Epilogue,
    address,
    convolve,
    epilogue_numbers,
    fixed_record,
    prepare,
    sum_taps,
)
from npkpose.engine.conv_kernels import FIELDS as PRODUCT_FIELDS
from npkpose.engine.conv_kernels import SUMS, convolution_job, fill_record, odd_vectors
from npkpose.engine.jobs import run_job
from npkpose.engine.products import one_pixel
from npkpose.engine.scratch import scratch
from npkpose.engine.threads import num_threads
from npkpose.engine.winograd_kernels import FIELDS, INTEGERS, weight_job, winograd_job
from npkpose.engine.winograd_plan import BLOCK, LANES, find_plan, pays

_BUFFERS = [
    (FIELDS.index(field), name)
    for field, name in (("weight", "matrices"), ("buffer", "patches"), ("sums", "products"))
]
MIN_SHARED = 2**12  # weights below which one thread transforms them


def convolve_in_evaluation(x, weight, window, groups=1, epilogue=Epilogue()):
    """Return what `npkpose.engine.convolve` does, by Winograd's method where that is quicker."""
    return convolve(x, weight, window, groups, epilogue, sum_quickly)


def sum_quickly(x, weight, taps, y, epilogue=Epilogue()):
    """Write to ``y`` what `npkpose.engine.conv_forward.sum_taps` does, up to rounding."""
    if x.strides[2:] != (x.itemsize * x.shape[3], x.itemsize) or min(x.strides) < 0:
        x = np.ascontiguousarray(x)
    if not suits(x, weight, taps, y):
        sum_taps(x, weight, taps, y, epilogue)
        return
    for job, record, threads, *_ in winograd_jobs(x, weight, taps, y, epilogue, scratch):
        run_job(job.address, record, threads)


def suits(x, weight, taps, y):
    """Return whether a convolution, of `forward_taps`, can be done so and is quicker so.

    Rows of ``x`` follow each other.
    """
    (N, C), (O, Ho, Wo), rows, cols = x.shape[:2], y.shape[1:], taps.rows, taps.cols
    return (
        y.dtype == np.float32 and x.size > 0 and weight.shape[2:] == (3, 3)
        and taps.stride == (1, 1) and taps.w_image == 0 and cols[1] - cols[0] == rows[1] - rows[0]
        and y.strides[2:] == (4 * Wo, 4) and weight.flags.c_contiguous
        and pays(N, C, O, x.shape[2:], (Ho, Wo), (rows[0], cols[0]), rows[1] - rows[0])
    )  # fmt: skip


def winograd_jobs(x, weight, taps, y, epilogue, buffer):
    """Return the two jobs: (job, record, threads, its buffers, arrays that it speaks of...).

    ``buffer(shape, dtype, name)`` returns a scratch buffer; a job's are [(field, name), ...].
    """
    O, C = weight.shape[:2]
    threads = num_threads()
    fixed, plan, size, kept = _prepare(x.shape, y.shape, taps.rows, taps.cols[0], threads)
    w_row, w_plane = _weight_strides(C, O)
    matrices = buffer((1, 1, 36, w_plane), np.float32, "matrices")
    weights = np.array([0, address(weight), address(matrices), C, O, w_row, w_plane], np.int64)
    shared = threads if O * C >= MIN_SHARED else 1
    scale, shift, kind, numbers = epilogue_numbers(epilogue, O, y.dtype)
    residual, record = epilogue.residual, np.empty_like(fixed)
    fill_record(
        record, fixed, x, matrices, y,
        buffer((plan.threads, size), np.float32, "patches"),
        buffer((plan.threads, 1, 8 * INTEGERS), np.uint8, "products"),
        scale, shift, y if residual is None else residual, residual is not None, kind, numbers,
    )  # fmt: skip
    arrays = x, y, scale, shift, residual, numbers, kept
    return (
        (weight_job(), weights, shared, [(2, "matrices")], weight),
        (winograd_job(), record, plan.threads, _BUFFERS, *arrays),
    )


def _weight_strides(C, O):
    """Return how far a row of transformed weights is from the next, and a matrix."""
    row = odd_vectors(C, LANES)
    return row, O * row + LANES


@lru_cache(maxsize=1024)
def _prepare(images, sums, rows, left, threads):
    """Return the record of what does not change, the plan, a buffer's size, and arrays kept."""
    (N, C, H, W), (_, O, Ho, Wo), d = images, sums, rows[1] - rows[0]
    plan = find_plan(N, C, O, (Ho, Wo), d, threads)
    block, apart = min(BLOCK, O), odd_vectors(plan.patches, LANES)
    w_row, w_plane = _weight_strides(C, O)
    row = d * 4 * (-(-plan.across // LANES) * LANES + LANES)
    row = odd_vectors(max(row, W - left + LANES), LANES)
    planes = C * apart + LANES, block * apart + LANES
    places = np.cumsum(
        [odd_vectors(W, LANES), 6 * row, 6 * row, *(36 * p + 4 * LANES for p in planes)]
        + [block * SUMS // 4]
    ).tolist()
    products, arrays = _product_record(C, block, plan.patches, (w_row, w_plane), planes, apart)
    numbers = {
        "record_size": len(products), "job": convolution_job(np.dtype(np.float32)).address,
        "count": len(plan.chunks), "C": C, "O": O, "H": H, "W": W, "Ho": Ho, "Wo": Wo,
        "top": -rows[0], "left": -left, "dilation": d, "down": plan.down, "across": plan.across,
        "block": block, "w_row": w_row, "row": row, "apart": apart,
        "rows": places[0], "others": places[1], "pixels": places[2], "pixels_plane": planes[0],
        "products": places[3], "products_plane": planes[1], "partial": places[4],
        "own": INTEGERS, "buffer_size": places[5],
    }  # fmt: skip
    record = fixed_record(FIELDS, {"product_record": products, "chunks": plan.chunks}, numbers)
    return record, plan, places[5], (products, arrays, plan.chunks)


def _product_record(C, O, patches, weight, planes, apart):
    """Return the record of 36 products, without addresses, and arrays that it speaks of."""
    taps = one_pixel(weight[0], 1, weight[1])
    record, _, kept = prepare(36, C, O, (1, patches), (1, patches), taps, True, 1, 4)
    scale, shift, kind, bounds = epilogue_numbers(Epilogue(), O, np.dtype(np.float32))
    numbers = {
        "x_size": 36 * planes[0] + LANES, "x_image": planes[0], "x_plane": apart,
        "y_size": 36 * planes[1], "y_image": planes[1], "y_plane": apart, "y_row": patches,
        "y_col": 1, "scale": address(scale), "shift": address(shift), "residual": address(shift),
        "kind": kind, "numbers": address(bounds), "buffer_size": 0,  # none
    }  # fmt: skip
    record = record.copy()
    for name, value in numbers.items():
        record[PRODUCT_FIELDS.index(name)] = value
    return record, (kept, scale, shift, bounds)
