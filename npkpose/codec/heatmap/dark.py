"""DARK: the peak of a blurred heatmap's logarithm, by one Newton step from the highest pixel.

    f = log(G * h)        h a heatmap, G a Gaussian kernel, * convolution
    step = -H^-1 g        g, H: gradient and Hessian of f at the highest pixel of h

Where h is a Gaussian f is a parabola, and the step ends at its centre. Blurring gives every
pixel under the kernel a say, instead of three per axis, so a network's noise moves the answer
less. g is the central difference; H is, with f(i, j) for the value i pixels right of the
highest and j below it,

    "dark"        f_xx = (f(2, 0) - 2 f(0, 0) + f(-2, 0)) / 4
                  f_xy = (f(1, 1) - f(1, -1) - f(-1, 1) + f(-1, -1)) / 4
    "dark_udp"    f_xx = f(1, 0) - 2 f(0, 0) + f(-1, 0)
                  f_xy = (f(1, 1) + f(-1, -1) + 2 f(0, 0)
                          - f(1, 0) - f(0, 1) - f(-1, 0) - f(0, -1)) / 2

"dark" is Zhang et al., "Distribution-Aware Coordinate Representation for Human Pose
Estimation", CVPR 2020, arXiv:1910.06278. "dark_udp" is the form of Huang et al., CVPR 2020,
arXiv:1911.07524. Departures from both:

* A step is taken only if H is negative definite (f has a maximum there) and the step is no
  longer than one pixel. Otherwise heatmap/decode.py answers with "log_parabola".
* A pixel outside the map, or not finite, is extrapolated as for a Gaussian: h(d) = h(-d) r^d
  at d pixels from the highest, along x or else along y, where r = h(1) / h(-1). Where h(-d)
  or r is missing too, no step is taken. Padding with zeros instead moves a peak that is one
  sigma from the border inwards by a third of a pixel.
* Only the 13 values of f that the differences need are computed, not the whole map.
* Nothing is clipped before the logarithm (published: at 1e-10, and to [0.001, 50]), so the
  answer does not depend on the map's scale. Blurred values must be positive, and at least 1e-70
  of that at the highest pixel, or no step is taken.

The error for a Gaussian of sigma >= 1 that is centred in the map, border included, is at most
0.0005 px with the default kernel and 0.01 px with any: G is cut off at 2.5 to 3.3 of its own
standard deviations.
"""

import math

import numpy as np

from npkpose._check import check_read_only
from npkpose._jit import helper, kernel

BLUR_KERNEL = 11  # pixels: the published setting for maps of 64 x 48; 17 for 96 x 72
TOO_SMALL = 1e-70  # of the blurred value at the peak: products of four would leave float64's range
MIN_CURVATURE = 1e-6  # 1/px^2: that of a Gaussian of sigma 1000; less is a rounding error


def blur_weights(size):
    """Return the published blur kernel (size,): OpenCV's rule for the sigma of a given size."""
    sigma = 0.3 * ((size - 1) / 2 - 1) + 0.8
    weights = np.exp(-0.5 * ((np.arange(size) - size // 2) / sigma) ** 2)
    return weights / weights.sum()


def newton_points(maps, pixels, weights, spacing):
    """Return the points (M, 2) one step from ``pixels``, or NaN where no step is taken.

    Parameters
    ----------
    maps : ndarray, shape (M, H, W), float32 or float64
    pixels : ndarray, shape (M, 2)
        The highest pixel (x, y) of each map, or NaN.
    weights : ndarray, odd length
        The blur kernel along one axis.
    spacing : int
        Pixels between the values of a second difference: 2 for "dark", 1 for "dark_udp".
    """
    maps = check_read_only("maps", maps, ("M", "H", "W"), (np.float64, np.float32))
    points = np.empty((len(maps), 2))
    _steps(maps, pixels, weights, spacing, points)
    return points


@kernel
def _steps(maps, pixels, weights, spacing, points):
    reach = weights.shape[0] // 2 + 2
    size = 2 * reach + 1
    window, columns, blurred = np.empty((size, size)), np.empty((5, size)), np.ones((5, 5))
    for m in range(maps.shape[0]):
        points[m, 0] = points[m, 1] = np.nan
        if math.isnan(pixels[m, 0]):
            continue
        image, x, y = maps[m], int(pixels[m, 0]), int(pixels[m, 1])
        inside = reach <= x < image.shape[1] - reach and reach <= y < image.shape[0] - reach
        if inside:
            for j in range(size):
                row = image[y - reach + j, x - reach : x + reach + 1]
                for i in range(size):
                    window[j, i] = row[i]
            _blur(window, weights, columns, blurred)
        if not (inside and math.isfinite(blurred.sum())):
            _fill_missing(image, y, x, window)
            _blur(window, weights, columns, blurred)
        dx, dy = _newton(blurred, spacing)
        if dx * dx + dy * dy <= 1.0:  # False for NaN
            points[m, 0], points[m, 1] = x + dx, y + dy


@helper
def _blur(window, weights, columns, blurred):
    """Blur the 13 pixels that the differences need: a cross and a square in the middle 5 x 5."""
    lines, result, size = window.reshape(-1), columns.reshape(-1), window.shape[1]
    for i in range(5 * size):
        result[i] = weights[0] * lines[i]
    for k in range(1, weights.shape[0]):
        below = lines[k * size :]  # k rows further down, all columns and rows in one loop
        for i in range(5 * size):
            result[i] += weights[k] * below[i]
    for j in range(5):
        for i in range(5):
            if abs(j - 2) * abs(i - 2) <= 1:
                total = 0.0
                for k in range(weights.shape[0]):
                    total += weights[k] * columns[j, i + k]
                blurred[j, i] = total


@helper
def _newton(b, spacing):
    """(dx, dy) from 5 x 5 values; NaN where one is not positive, or their log has no maximum.

    Sums of logarithms are taken as logarithms of products: five calls instead of thirteen.
    """
    here = b[2, 2]
    for j in range(5):
        for i in range(5):
            needed = abs(j - 2) * abs(i - 2) <= 1
            if needed and not (b[j, i] > 0 and b[j, i] >= TOO_SMALL * here):
                return np.nan, np.nan
    left, right, above, below = b[2, 1] / here, b[2, 3] / here, b[1, 2] / here, b[3, 2] / here
    g_x, g_y = math.log(right / left) / 2, math.log(below / above) / 2
    if spacing == 1:
        h_xx, h_yy = math.log(left * right), math.log(above * below)
        corners = (b[1, 1] / here) * (b[3, 3] / here)
        h_xy = math.log(corners / (left * right * above * below)) / 2
    else:
        h_xx = math.log((b[2, 0] / here) * (b[2, 4] / here)) / 4
        h_yy = math.log((b[0, 2] / here) * (b[4, 2] / here)) / 4
        h_xy = math.log((b[1, 1] / b[1, 3]) * (b[3, 3] / b[3, 1])) / 4
    determinant, trace = h_xx * h_yy - h_xy * h_xy, h_xx + h_yy
    if not (trace < 0 and determinant > MIN_CURVATURE * -trace):
        return np.nan, np.nan
    return (h_xy * g_y - h_yy * g_x) / determinant, (h_xy * g_x - h_xx * g_y) / determinant


@helper
def _fill_missing(image, y, x, window):
    """Copy the window around (y, x); extrapolate missing pixels where a Gaussian says how."""
    size, reach = window.shape[0], window.shape[0] // 2
    top, left = y - reach, x - reach
    window[:] = np.nan
    for j in range(max(0, -top), min(size, image.shape[0] - top)):
        for i in range(max(0, -left), min(size, image.shape[1] - left)):
            if math.isfinite(image[top + j, left + i]):
                window[j, i] = image[top + j, left + i]
    _mirror(window, _ratio(window[reach]))
    _mirror(window.T, _ratio(window[:, reach]))


@helper
def _ratio(line):
    """h(1) / h(-1) at the middle of a line; one may be extrapolated. NaN where that fails."""
    middle = line.shape[0] // 2
    before, here, after = line[middle - 1], line[middle], line[middle + 1]
    if math.isnan(before) and after > 0:
        before = line[middle + 2] * (here / after) ** 3
    if math.isnan(after) and before > 0:
        after = line[middle - 2] * (here / before) ** 3
    return after / before if before > 0 and here > 0 and after > 0 else np.nan


@helper
def _mirror(window, ratio):
    """Fill each row's NaN from its other side: h(d) = h(-d) ratio^d."""
    reach, power = window.shape[0] // 2, 1.0
    for d in range(1, reach + 1):
        power *= ratio
        for j in range(window.shape[0]):
            before, after = window[j, reach - d], window[j, reach + d]
            if math.isnan(before):
                window[j, reach - d] = after / power
            if math.isnan(after):
                window[j, reach + d] = before * power
