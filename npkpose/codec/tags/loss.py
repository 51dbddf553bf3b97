"""The loss that trains tags: equal within a person, different between people.

With t_nk the tag at keypoint k of person n, h_n its mean over the person's K_n visible keypoints,
and N people who have at least one:

    pull = 1/N sum_n 1/K_n sum_k |t_nk - h_n|^2
    push = 1/(2 N (N - 1)) sum over n != m of exp(-|h_n - h_m|^2)

Their gradients are, since the deviations from a mean sum to zero,

    d pull / d t_nk = 2/(N K_n) (t_nk - h_n)
    d push / d t_nk = -2/(N (N - 1) K_n) sum_m exp(-|h_n - h_m|^2) (h_n - h_m)

Newell, Huang and Deng, "Associative Embedding", NeurIPS 2017, arXiv:1611.05424; the averages, and
an exponent without the paper's 1/(2 sigma^2), are those of the code released with HigherHRNet
(Cheng et al., CVPR 2020, arXiv:1908.10357), which weights both by 0.001. Departure: a keypoint is
rounded to the nearest pixel, not down.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_array, check_finite, check_number, check_size, real_array
from npkpose.grid import Grid, check_grid
from npkpose.poses import Poses

_LARGEST = 1e75  # of a tag or weight: products of larger ones overflow


def tag_targets(
    poses: Poses | ArrayLike, size: int | tuple[int, int], visibility: ArrayLike | None = None,
    grid: Grid | None = None,
) -> NDArray:  # fmt: skip
    """Return the pixels at which each person's tags are read: flat indices y W + x, or -1.

    Parameters
    ----------
    poses : Poses, or array_like of shape (P, K, 2)
        (x, y) in heatmap pixels, or in image pixels where ``grid`` is given; NaN is missing.
    size : int or (H, W)
        Of the tag maps.
    visibility : array_like, shape (P, K), optional
        A keypoint of visibility 0 is missing.
    grid : Grid, optional
        How the map lies on the image.

    Returns
    -------
    pixels : ndarray of int64, shape (P, K)
        The nearest pixel of map k; -1 where the keypoint is missing or outside the map.

    Raises
    ------
    ValueError
        Wrong shape, an infinite coordinate, or a size below 1.
    """
    check_grid(grid)
    keypoints = poses.keypoints if isinstance(poses, Poses) else poses
    keypoints = check_array("poses", keypoints, ("P", "K", 2), finite=False)
    check_finite("poses", np.where(np.isnan(keypoints), 0.0, keypoints))
    height, width = check_size("size", size)
    if grid is not None:
        keypoints = grid.to_map(keypoints, (height, width))
    x, y = np.moveaxis(np.floor(np.nan_to_num(keypoints, nan=-1.0) + 0.5), 2, 0)
    seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if visibility is not None:
        seen &= check_array("visibility", visibility, seen.shape) > 0
    x, y = (np.where(seen, axis, 0).astype(np.int64) for axis in (x, y))
    return np.where(seen, y * width + x, -1)


def tag_loss(
    tags: ArrayLike, pixels: ArrayLike, pull_weight: float = 1.0, push_weight: float = 1.0,
) -> tuple[float, float, NDArray]:  # fmt: skip
    """Return ``pull, push, dtags``: both weighted losses of one image, and their sum's gradient.

    Parameters
    ----------
    tags : array_like, shape (K, H, W) or (K, H, W, T)
    pixels : array_like of int, shape (P, K)
        From `tag_targets`; -1 is missing.
    pull_weight, push_weight : float, below 1e75 in size, as are the tags

    Returns
    -------
    pull, push : float
        Both 0 without people; push is 0 for one person. People without keypoints are ignored.
    dtags : ndarray, shape of tags

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, too large tags or weights, or a pixel outside the maps.
    """
    tags = real_array("tags", tags)
    shape = "K", "H", "W", *("T",) * (tags.ndim == 4)
    tags = check_array("tags", tags, shape, largest=_LARGEST)
    pixels = _check_pixels(pixels, tags.shape)
    pull_weight = check_number("pull_weight", pull_weight, -_LARGEST, at_most=_LARGEST)
    push_weight = check_number("push_weight", push_weight, -_LARGEST, at_most=_LARGEST)
    if tags.size == 0:
        return 0.0, 0.0, np.zeros_like(tags)
    pixels = pixels[(pixels >= 0).any(axis=1)]  # (N, K)
    weight = (pixels >= 0) / (pixels >= 0).sum(axis=1, keepdims=True)  # 1/K_n, 0 where missing
    flat = tags.reshape(len(tags), tags.shape[1] * tags.shape[2], -1)  # (K, H W, T)
    where = np.broadcast_to(np.arange(len(tags)), pixels.shape), pixels
    t = flat[where]  # (N, K, T); the tag read at a missing keypoint's -1 has weight 0
    h = np.einsum("nk,nkt->nt", weight, t)
    pull, dpull = _pull(t, h, weight)
    push, dpush = _push(h)
    dt = pull_weight * dpull + push_weight * np.einsum("nk,nt->nkt", weight, dpush)
    dtags = np.zeros_like(flat)
    np.add.at(dtags, where, dt)  # two people may share a pixel
    return pull_weight * pull, push_weight * push, dtags.reshape(tags.shape)


def _pull(t, h, weight):
    """Return the pull and its gradient (N, K, T)."""
    deviation = t - h[:, None]  # (N, K, T)
    scale = weight[..., None] / max(len(t), 1)  # (N, K, 1)
    return float((scale * deviation**2).sum()), 2 * scale * deviation


def _push(h):
    """Return the push and its gradient for the mean tags (N, T)."""
    pairs = max(len(h) * (len(h) - 1), 1)
    difference = h[:, None] - h  # (N, N, T)
    near = np.exp(-(difference**2).sum(axis=2)) * (1 - np.eye(len(h)))  # (N, N)
    return float(near.sum() / (2 * pairs)), -2 / pairs * np.einsum("nm,nmt->nt", near, difference)


def _check_pixels(pixels, shape):
    """Return ``pixels`` as int64 (P, K), each -1 or an index into a map."""
    pixels = check_array("pixels", pixels, ("P", shape[0]))
    size = shape[1] * shape[2]
    outside = (pixels < -1) | (pixels >= size) | (pixels != np.floor(pixels))
    if outside.any():
        n, k = np.argwhere(outside)[0]
        raise ValueError(
            f"pixels[{n}, {k}]: expected -1 or an index below {size}, got {pixels[n, k]:g}"
        )
    return pixels.astype(np.int64)
