"""Flip test: a network's maps of a picture, averaged with those of its mirror image.

    mean[k] = (maps(x)[k] + mirror(maps(mirror(x)))[pair(k)]) / 2

pair exchanges left and right, which a mirror does too. On a grid that does not lie
symmetrically on its picture, the mirrored maps first move right by `Grid.flip_shift` pixels.
Newell et al., "Stacked Hourglass Networks", ECCV 2016, arXiv:1603.06937.
"""

import math

import numpy as np


def mirror(images):
    """Return images or maps (..., H, W) left side right, as a contiguous copy."""
    return np.ascontiguousarray(images[..., ::-1])


def mirror_maps(maps, skeleton, shift=0.0):
    """Return maps (N, C, H, W) of mirror images as maps of the pictures themselves.

    The first K of the C channels are the skeleton's keypoints and change places with their
    partners. ``shift`` pixels, between which pixels are interpolated, come in at the left
    with the value of the first column.
    """
    order = np.arange(maps.shape[1])
    order[: skeleton.num_keypoints] = skeleton.flip_order
    return shift_right(maps[:, order, :, ::-1], shift)


def mirror_fields(pafs, skeleton):
    """Return part affinity fields (N, 2 L, H, W) of mirror images as of the pictures themselves.

    A limb changes places with its partner, and what pointed left points right.

    Raises
    ------
    ValueError
        A skeleton with a limb whose mirror image is no limb.
    """
    partners = skeleton.flip_order
    limbs = {limb: i for i, limb in enumerate(skeleton.limbs)}
    mirrored = np.empty_like(pafs)
    for (a, b), (x, y) in zip(skeleton.limbs, skeleton.paf_channels):
        limb = int(partners[a]), int(partners[b])
        sign = 1 if limb in limbs else -1  # the partner may run the other way
        if limb[::sign] not in limbs:
            raise ValueError(f"skeleton: expected a limb {limb}, the mirror image of {(a, b)}")
        from_x, from_y = skeleton.paf_channels[limbs[limb[::sign]]]
        mirrored[:, x] = -sign * pafs[:, from_x, :, ::-1]
        mirrored[:, y] = sign * pafs[:, from_y, :, ::-1]
    return mirrored


def shift_right(maps, shift):
    """Return maps (..., W) moved right by ``shift`` pixels, at least 0."""
    whole = math.floor(shift)
    W = maps.shape[-1]
    padded = np.concatenate([maps[..., :1]] * (whole + 1) + [maps], axis=-1)
    moved = padded[..., 1 : 1 + W]
    part = maps.dtype.type(shift - whole)
    return moved if part == 0 else (1 - part) * moved + part * padded[..., :W]
