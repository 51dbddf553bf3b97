"""Flip test: a network's maps of an image, averaged with those of the flipped image.

    mean[k] = (maps(x)[k] + flip(maps(flip(x)))[pair(k)]) / 2

pair exchanges left and right keypoints, since flipping exchanges the sides. If the grid is not
symmetric on its image, the flipped maps are first shifted right by `Grid.flip_shift` pixels.
Newell et al., "Stacked Hourglass Networks", ECCV 2016, arXiv:1603.06937.
"""

import math

import numpy as np


def flip(images):
    """Return images or maps (..., H, W) with left and right exchanged, as a contiguous copy."""
    return np.ascontiguousarray(images[..., ::-1])


def flip_maps(maps, skeleton, shift=0.0):
    """Return maps (N, C, H, W) of flipped images as maps of the images themselves.

    The first K of the C channels are the skeleton's keypoints; left and right ones are exchanged.
    The maps move right by ``shift`` pixels, interpolated; the first column fills the gap.
    """
    order = np.arange(maps.shape[1])
    order[: skeleton.num_keypoints] = skeleton.flip_order
    return shift_right(maps[:, order, :, ::-1], shift)


def flip_fields(pafs, skeleton):
    """Return part affinity fields (N, 2 L, H, W) of flipped images as of the images themselves.

    Left and right limbs are exchanged, and x components change their signs.

    Raises
    ------
    ValueError
        A skeleton with a limb between partners of whose keypoints there is no limb.
    """
    partners = skeleton.flip_order
    limbs = {limb: i for i, limb in enumerate(skeleton.limbs)}
    flipped = np.empty_like(pafs)
    for (a, b), (x, y) in zip(skeleton.limbs, skeleton.paf_channels):
        limb = int(partners[a]), int(partners[b])
        sign = 1 if limb in limbs else -1  # the partner may have the opposite direction
        if limb[::sign] not in limbs:
            raise ValueError(f"skeleton: expected a limb {limb}, the partner of {(a, b)}")
        from_x, from_y = skeleton.paf_channels[limbs[limb[::sign]]]
        flipped[:, x] = -sign * pafs[:, from_x, :, ::-1]
        flipped[:, y] = sign * pafs[:, from_y, :, ::-1]
    return flipped


def shift_right(maps, shift):
    """Return maps (..., W) moved right by ``shift`` pixels, at least 0."""
    whole = math.floor(shift)
    W = maps.shape[-1]
    padded = np.concatenate([maps[..., :1]] * (whole + 1) + [maps], axis=-1)
    moved = padded[..., 1 : 1 + W]
    part = maps.dtype.type(shift - whole)
    return moved if part == 0 else (1 - part) * moved + part * padded[..., :W]
