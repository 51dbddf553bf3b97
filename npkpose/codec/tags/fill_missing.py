"""Missing keypoints of a person, filled in by heatmap value and distance from the person's tag.

    argmax over pixels of  h[y, x] - round(|t[y, x] - mean tag of the person| / tag_threshold),
    where h > 0

This is the `refine` step of HigherHRNet's released code (Cheng et al., CVPR 2020,
arXiv:1908.10357), whose tag_threshold is 1. A filled place is right only if the keypoint is
visible but too faint to be a peak: any positive pixel is accepted, even if it belongs to another
person. Of equal pixels the first in raster order is taken; a pixel is skipped if its value or tag
is not finite.

Each map is divided into blocks of 16 pixels of a row, with their highest value and the range of
their tags. A block that cannot hold a better pixel is passed over.
"""

import numpy as np

from npkpose._check import check_array
from npkpose._jit import helper, kernel
from npkpose.codec.tags.peaks import offset_pixels

BLOCK = 16  # pixels of a row
CHUNK = 2**25  # pixels that one call of a kernel looks at

def fill_missing_keypoints(keypoints, means, heatmaps, tags, offset, tag_threshold=1.0):
    """Return keypoints (P, K, 2) in which missing ones are filled in.

    Parameters
    ----------
    keypoints : ndarray, shape (P, K, 2)
        In heatmap pixels, NaN where missing.
    means : ndarray, shape (P, T)
        Mean tag of each person.
    heatmaps : ndarray, shape (K, H, W), float32 or float64
        C-contiguous.
    tags : ndarray, shape (K, H, W, T)
    offset : float
        How far a point moves towards its higher neighbour, as in `codec.tags.peaks`.
    tag_threshold : float
        The distance of tags that costs 1.

    Returns
    -------
    filled : ndarray, shape (P, K, 2)
        Still NaN where no pixel of the map is above 0 and finite, with a finite tag.
    """
    person, keypoint = np.nonzero(np.isnan(keypoints[..., 0]))
    exclude = np.full((len(keypoint), 2), np.inf)
    pixels, _ = best_pixel(heatmaps, tags, means[person], keypoint, tag_threshold, exclude)
    found = pixels[:, 1] >= 0
    filled = keypoints.copy()
    filled[person[found], keypoint[found]] = offset_pixels(heatmaps, pixels[found], offset)
    return filled


# Seven arguments, not six: the last two exclude pixels.
def best_pixel(heatmaps, tags, means, maps, tag_threshold, exclude, exclude_radius=0.0):
    """Return pixels (M, 3), map, y, x, and their values (M,): the best for each of M mean tags.

    Parameters are those of `fill_missing_keypoints`, but ``means`` (M, T) belong to the keypoints
    ``maps`` (M,), from 0 to K - 1. Pixels nearer than ``exclude_radius`` to ``exclude`` (M, 2),
    x, y, are skipped. If no pixel qualifies, y and x are -1 and the value is 0.
    """
    tags = check_array("tags", tags, (*heatmaps.shape, "T"), heatmaps.dtype, finite=False)
    means = check_array("means", means, (len(maps), tags.shape[3]), finite=False)
    maps = check_array("maps", maps, ("M",), np.int64)
    exclude = check_array("exclude", exclude, (len(maps), 2), finite=False)
    if len(maps) and not (0 <= maps.min() and maps.max() < len(heatmaps)):
        raise ValueError(f"maps: expected 0 up to {len(heatmaps) - 1}, got {maps}")
    pixels = np.full((len(maps), 3), -1, dtype=np.int64)
    pixels[:, 0] = maps
    values = np.zeros(len(maps))
    maps, high, wide = heatmaps.shape
    blocks = np.full((maps, high, -(-wide // BLOCK), 1 + 2 * tags.shape[3]), np.nan)
    step = max(CHUNK // max(high * wide, 1), 1)
    for start in range(0, len(pixels), step):  # so that Ctrl-C stops it
        own = slice(start, start + step)
        wanted = means[own], exclude[own], tag_threshold, exclude_radius
        _best_pixels(heatmaps, tags, blocks, wanted, pixels[own], values[own])
    return pixels, values


@kernel
def _best_pixels(heatmaps, tags, blocks, wanted, pixels, values):
    """Fill y and x of pixels (M, 3), and values (M,).

    Heatmaps (K, H, W), tags (K, H, W, T). ``wanted`` holds the mean tags (M, T), the pixels to
    exclude (M, 2), and two numbers. ``blocks`` (K, H, B, 1 + 2 T) is NaN for maps not yet used.
    """
    means, exclude, tag_threshold, exclude_radius = wanted
    for m in range(pixels.shape[0]):
        k, best = pixels[m, 0], -np.inf
        if blocks[k].size > 0 and np.isnan(blocks[k, 0, 0, 0]):
            _fill_blocks(heatmaps[k], tags[k], blocks[k])
        for y in range(blocks.shape[1]):
            for b in range(blocks.shape[2]):
                if not _bound(blocks, k, y, b, means, m, tag_threshold) > best:
                    continue
                for x in range(b * BLOCK, min((b + 1) * BLOCK, heatmaps.shape[2])):
                    height = np.float64(heatmaps[k, y, x])
                    if not max(best, 0.0) < height < np.inf:
                        continue  # a distance of 0, the least, would not make it better
                    if (x - exclude[m, 0]) ** 2 + (y - exclude[m, 1]) ** 2 < exclude_radius**2:
                        continue
                    squared = 0.0
                    for t in range(tags.shape[3]):
                        squared += (np.float64(tags[k, y, x, t]) - means[m, t]) ** 2
                    value = height - np.round(np.sqrt(squared) / tag_threshold)
                    if value > best:
                        best = value
                        pixels[m, 1], pixels[m, 2], values[m] = y, x, value


@helper
def _bound(blocks, k, y, b, means, m, tag_threshold):
    """Return a value that no pixel of a block exceeds, minus infinity if no pixel is above 0.

    Rounding keeps the order of numbers, so the bound holds to the bit.
    """
    height = blocks[k, y, b, 0]
    if height <= 0.0:
        return -np.inf
    squared = 0.0
    for t in range(means.shape[1]):
        low, high = blocks[k, y, b, 1 + 2 * t], blocks[k, y, b, 2 + 2 * t]
        if means[m, t] < low:
            squared += (low - means[m, t]) ** 2
        elif means[m, t] > high:
            squared += (high - means[m, t]) ** 2
    return height - np.round(np.sqrt(squared) / tag_threshold)


@helper
def _fill_blocks(heatmap, tags, blocks):
    """Fill ``blocks`` (H, B, 1 + 2 T): highest finite value, at least 0, and range of each tag."""
    for y in range(blocks.shape[0]):
        for b in range(blocks.shape[1]):
            first, last = b * BLOCK, min((b + 1) * BLOCK, heatmap.shape[1])
            top = 0.0
            for x in range(first, last):
                if top < heatmap[y, x] < np.inf:
                    top = np.float64(heatmap[y, x])
            blocks[y, b, 0] = top
            for t in range(tags.shape[2]):
                low, high = np.inf, -np.inf
                for x in range(first, last):
                    tag = np.float64(tags[y, x, t])
                    low, high = tag if tag < low else low, tag if tag > high else high
                blocks[y, b, 1 + 2 * t], blocks[y, b, 2 + 2 * t] = low, high
