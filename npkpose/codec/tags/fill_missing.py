"""Absent keypoints of a person, guessed: the pixel that is bright and has the person's tag.

    argmax over pixels of  h[y, x] - round(|t[y, x] - mean tag of the person| / tag_threshold),
    where h > 0

This is the `refine` step of HigherHRNet's released code (Cheng et al., CVPR 2020,
arXiv:1908.10357), whose tag_threshold is 1. Its place is a guess, right only where the keypoint is
there but too faint to be a peak: any positive pixel will do, and another person's keypoint is not
refused. The first of several equal pixels in raster order is taken; pixels or tags that are not
finite never are.
"""

import numpy as np

from npkpose._jit import kernel
from npkpose.codec.tags.peaks import offset_pixels


def fill_absent(keypoints, means, heatmaps, tags, offset, tag_threshold=1.0):
    """Return keypoints (P, K, 2) in which absent ones have their likeliest place.

    Parameters
    ----------
    keypoints : ndarray, shape (P, K, 2)
        In heatmap pixels, NaN where absent.
    means : ndarray, shape (P, T)
        Mean tag of each person.
    heatmaps : ndarray, shape (K, H, W), float32 or float64
        C-contiguous.
    tags : ndarray, shape (K, H, W, T)
    offset : float
        How far a point moves towards its higher neighbour, as in `codec.tag_peaks`.
    tag_threshold : float
        The distance of tags that costs 1.

    Returns
    -------
    filled : ndarray, shape (P, K, 2)
        Still NaN where no pixel of the map is above 0 and finite, with a finite tag.
    """
    person, part = np.nonzero(np.isnan(keypoints[..., 0]))
    nowhere = np.full((len(part), 2), np.inf)
    pixels, _ = likeliest(heatmaps, tags, means[person], part, tag_threshold, nowhere)
    some = pixels[:, 1] >= 0
    filled = keypoints.copy()
    filled[person[some], part[some]] = offset_pixels(heatmaps, pixels[some], offset)
    return filled


# Seven arguments, not six: the last two say where not to look.
def likeliest(heatmaps, tags, means, parts, tag_threshold, away, radius=0.0):
    """Return pixels (M, 3), map, y, x, and their values (M,): the likeliest for each of M tags.

    The first five arguments are `fill_absent`'s, but that ``means`` (M, T) belong to the maps
    ``parts`` (M,), from 0 to K - 1. Pixels nearer than ``radius`` to ``away`` (M, 2), x, y, are
    not looked at. Where there is none, y and x are -1 and the value is 0.
    """
    maps, height, width = heatmaps.shape
    tags = np.require(tags, heatmaps.dtype, ["C", "W"])
    pixels = np.full((len(parts), 3), -1, dtype=np.int64)
    pixels[:, 0] = parts
    values = np.zeros(len(parts))
    _likeliest(heatmaps, tags, means, tag_threshold, away, radius, pixels, values)
    return pixels, values


@kernel
def _likeliest(heatmaps, tags, means, tag_threshold, away, radius, pixels, values):
    """Fill pixels (M, 3), of which the map is known, and values (M,) for tag means (M, T).
    Heatmaps (K, H, W), tags (K, H, W, T), away (M, 2)."""
    for m in range(pixels.shape[0]):
        heatmap, tag = heatmaps[pixels[m, 0]], tags[pixels[m, 0]]
        best = -np.inf
        for y in range(heatmap.shape[0]):
            for x in range(heatmap.shape[1]):
                height = np.float64(heatmap[y, x])
                if not max(best, 0.0) < height < np.inf:
                    continue  # even with the person's very tag it would not be better
                if (x - away[m, 0]) ** 2 + (y - away[m, 1]) ** 2 < radius**2:
                    continue
                squared = 0.0
                for t in range(tag.shape[2]):
                    squared += (np.float64(tag[y, x, t]) - means[m, t]) ** 2
                value = height - np.round(np.sqrt(squared) / tag_threshold)
                if value > best:
                    best = value
                    pixels[m, 1], pixels[m, 2], values[m] = y, x, value
