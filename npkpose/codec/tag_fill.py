"""Absent keypoints of a person, guessed: the pixel that is bright and has the person's tag.

    argmax over pixels of  h[y, x] - round(|t[y, x] - mean tag of the person|),   where h > 0

This is the `refine` step of HigherHRNet's released code (Cheng et al., CVPR 2020,
arXiv:1908.10357). Its place is a guess, right only where the keypoint is there but too faint to
be a peak: any positive pixel will do, and another person's keypoint is not refused. The first of
several equal pixels in raster order is taken; pixels or tags that are not finite never are.
"""

import numpy as np

from npkpose._jit import kernel
from npkpose.codec.tag_peaks import offset_pixels


def fill_absent(keypoints, means, heatmaps, tags, offset):
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

    Returns
    -------
    filled : ndarray, shape (P, K, 2)
        Still NaN where no pixel of the map is above 0.
    """
    # Indices of nonzero are columns: contiguous, and another type to a kernel, where there is one.
    person, part = map(np.ascontiguousarray, np.nonzero(np.isnan(keypoints[..., 0])))
    maps, height, width = heatmaps.shape
    tags = np.require(tags, heatmaps.dtype, ["C", "W"])
    best = np.full(len(part), -1, dtype=np.int64)
    _likeliest(
        heatmaps.reshape(maps, height * width),
        tags.reshape(maps, height * width, tags.shape[3]),
        means[person],
        part,
        best,
    )
    some = best >= 0
    person, part, best = person[some], part[some], best[some]
    pixels = np.column_stack([part, best // width, best % width])
    filled = keypoints.copy()
    filled[person, part] = offset_pixels(heatmaps, pixels, offset)
    return filled


@kernel
def _likeliest(heatmaps, tags, means, parts, pixels):
    """Fill pixels (M,), all -1, with the likeliest pixel of map parts (M,) for tag means (M, T).
    Heatmaps (K, H W), tags (K, H W, T)."""
    for m in range(parts.shape[0]):
        heatmap, tag = heatmaps[parts[m]], tags[parts[m]]
        best = -np.inf
        for p in range(heatmap.shape[0]):
            height = np.float64(heatmap[p])
            if not max(best, 0.0) < height < np.inf:
                continue  # even with the person's very tag it would not be better
            squared = 0.0
            for t in range(tag.shape[1]):
                squared += (np.float64(tag[p, t]) - means[m, t]) ** 2
            value = height - np.round(np.sqrt(squared))
            if value > best:
                best = value
                pixels[m] = p
