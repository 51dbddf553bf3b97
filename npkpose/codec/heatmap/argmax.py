"""The highest pixel of every map, as fast as memory can be read.

A compiler compares floats that may be NaN one by one, but integers sixteen at a time. And a
float's bits, read as an integer, have nearly the float's order (IEEE 754-2008, 3.4: sign,
exponent, fraction):

    0.0 <= x <= inf    bits(x) grows with x, from 0 to bits(inf); a positive NaN lies above
    x < 0              bits(x) is negative and falls as x grows

So where the largest bits of a map lie between 0 and bits(inf), they are its highest pixel's.
In any other map (no pixel above zero, or a NaN or infinity) these keys are compared instead:

    key(x) = bits(x)             for x >= 0
             lowest - bits(x)    for x < 0: minus the bits of |x|, so -0.0 equals 0.0
             lowest              for x not finite

Maxima are taken block by block; only the winning block is searched for its first pixel.
"""

import math

import numpy as np

from npkpose._jit import kernel

BLOCK = 128  # pixels: long enough for full vectors, short enough to search


def highest_pixels(maps):
    """Return the first highest finite pixel, in raster order, of each map.

    Parameters
    ----------
    maps : ndarray, shape (M, H, W), C-contiguous float32 or float64
        H and W at least 1.

    Returns
    -------
    pixels : ndarray, shape (M, 2)
        (x, y), or NaN where no two finite pixels differ: a flat map, or no finite pixel.
    scores : ndarray, shape (M,)
        The pixel's value; 0 where pixels are NaN.
    """
    count, height, width = maps.shape
    if height == 0 or width == 0:
        raise ValueError(f"maps: expected H and W of at least 1, got {maps.shape}")
    flat = maps.reshape(count, height * width)
    bits = flat.view(np.int32 if maps.dtype == np.float32 else np.int64)
    infinity = np.array(np.inf, maps.dtype).view(bits.dtype)[()]
    pixels, scores = np.empty((count, 2)), np.empty(count)
    _highest(flat, bits, infinity, np.iinfo(bits.dtype).min, width, pixels, scores)
    return pixels, scores


@kernel
def _highest(maps, bits, infinity, lowest, width, pixels, scores):
    keys = np.empty(bits.shape[1], bits.dtype)
    for m in range(bits.shape[0]):
        peak, top = _first_largest(bits[m])
        if not 0 < top < infinity:
            for i in range(bits.shape[1]):
                key = bits[m, i] if bits[m, i] >= 0 else lowest - bits[m, i]
                keys[i] = key if -infinity < key < infinity else lowest
            peak, top = _first_largest(keys)
        if top == lowest or _is_flat(maps[m], maps[m, peak]):
            pixels[m, 0] = pixels[m, 1] = np.nan
            scores[m] = 0.0
        else:
            pixels[m, 0], pixels[m, 1] = peak % width, peak // width
            scores[m] = maps[m, peak]


@kernel
def _first_largest(keys):
    """Index of the first largest integer, and its value."""
    start, top = 0, keys[0]
    for i in range(0, keys.shape[0], BLOCK):
        block = keys[i : i + BLOCK]
        largest = block[0]
        for j in range(block.shape[0]):
            largest = max(largest, block[j])
        if largest > top:
            start, top = i, largest
    while keys[start] != top:
        start += 1
    return start, top


@kernel
def _is_flat(image, value):
    """Do all finite pixels equal ``value``? For nearly every map the first pixel decides."""
    if math.isfinite(image[0]) and image[0] != value:
        return False
    others = 0
    for i in range(image.shape[0]):
        others += (image[i] != value) & (abs(image[i]) < np.inf)
    return others == 0
