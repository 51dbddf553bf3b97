"""Paint capsules and bars on an image: shaded, with smooth edges, nearer ones in front.

A part has two ends (x, y, z, r): a point of the image, a depth and a radius, all in pixels. For a
pixel, t in [0, 1] is the nearest point of the axis, d the distance to it, and x, y, z, r are
interpolated there. Then

    cover  = clip(r + 1/2 - d, 0, 1)                       the covered share of the pixel
    n      = ((px - x)/r, (py - y)/r, -sqrt(1 - d^2/r^2))  the normal of the surface
    depth  = z - sqrt(r^2 - d^2)                           the depth of the surface
    colour = colour_of_part * (ambient + (1 - ambient) max(0, n . light))

and the pixel becomes cover * colour + (1 - cover) * before, unless a nearer part is there: a
z-buffer (Catmull, 1974) and Lambert's law. Parts are painted in the order given. From far to near
is best, since a smooth edge then mixes with the part behind it.

A bar has square ends and one flat colour: d is the distance across it, and cover is multiplied by
the covered share of the pixel along it. Approximations: t is computed in the image and not in
space, and a tapered part is not exactly the hull of its end spheres.
"""

import numpy as np

from npkpose._check import check_array, shown
from npkpose._jit import helper, kernel

# Columns of a part.
COLUMNS = ("x0", "y0", "z0", "r0", "x1", "y1", "z1", "r1", "red", "green", "blue", "owner", "bar")
NOBODY = -1  # owner of a part that is no person's


def paint_parts(parts, light, image, depth, owner):
    """Paint ``parts`` on ``image``, and record depth and owner of each pixel, all in place.

    Parameters
    ----------
    parts : array_like, shape (M, 13)
        See `COLUMNS`: pixels, colours in the image's range, the owner's number (an integer), and
        1 for a bar. Radii are positive.
    light : array_like, shape (4,)
        A unit vector towards the light (z is negative in front of the image), and ambient light in
        [0, 1].
    image : ndarray of float32, shape (H, W, 3)
    depth : ndarray, shape (H, W)
        Of the nearest surface; infinity where there is none yet.
    owner : ndarray of int64, shape (H, W)
        Of the nearest surface. Depth and owner change where at least half a pixel is covered.

    Raises
    ------
    ValueError
        Wrong shape or dtype, a number that is not finite, or a radius that is not positive.
    """
    parts = check_array("parts", parts, ("M", len(COLUMNS)))
    light = check_array("light", light, (4,))
    radii = parts[:, [3, 7]]
    if not (radii > 0).all():
        m = int((radii <= 0).any(axis=1).argmax())
        raise ValueError(f"parts[{m}]: expected positive radii, got {radii[m]}")
    owners = parts[:, COLUMNS.index("owner")]
    check_array("parts: owner", owners, (len(parts),), np.int64)
    if not isinstance(depth, np.ndarray) or depth.ndim != 2:
        _check_canvas("depth", depth, ("H", "W"), np.float64)
    H, W = depth.shape
    _check_canvas("image", image, (H, W, 3), np.float32)
    _check_canvas("depth", depth, (H, W), np.float64)
    _check_canvas("owner", owner, (H, W), np.int64)
    _paint_parts(parts, light, image, depth, owner)


def _check_canvas(name, array, shape, dtype):
    """Raise ValueError unless the kernel can write to ``array``."""
    good = isinstance(array, np.ndarray) and not isinstance(array, np.ma.MaskedArray)
    if not (good and array.flags.carray) or array.shape != shape or array.dtype != dtype:
        got = f"{array.dtype} and {array.shape}" if isinstance(array, np.ndarray) else shown(array)
        raise ValueError(
            f"{name}: expected a writable contiguous array of {np.dtype(dtype)} and shape "
            f"{shape}, got {got}"
        )


@kernel
def _paint_parts(parts, light, image, depth, owner):
    for m in range(parts.shape[0]):
        part = parts[m]
        reach = max(part[3], part[7]) + 1.0
        top, bottom = _span(part[1], part[5], reach, depth.shape[0])
        left, right = _span(part[0], part[4], reach, depth.shape[1])
        for y in range(top, bottom):
            for x in range(left, right):
                if part[12] > 0:
                    cover, surface, shade = _bar(part, light, x, y)
                else:
                    cover, surface, shade = _capsule(part, light, x, y)
                if cover > 0.0 and surface <= depth[y, x]:
                    for c in range(3):
                        image[y, x, c] += cover * (part[8 + c] * shade - image[y, x, c])
                    if cover >= 0.5:
                        depth[y, x] = surface
                        owner[y, x] = int(part[11])


@helper
def _span(a, b, reach, length):
    """Return the first pixel that a part from a to b may touch, and the last + 1."""
    first = min(max(np.floor(min(a, b) - reach), 0.0), length)
    last = max(min(np.ceil(max(a, b) + reach), length - 1.0), -1.0)
    return int(first), int(last) + 1


@helper
def _capsule(part, light, x, y):
    """Return cover, depth of the surface and brightness of a capsule at a pixel."""
    dx, dy = part[4] - part[0], part[5] - part[1]
    squared = dx * dx + dy * dy
    if squared > 1e-6:
        t = min(max(((x - part[0]) * dx + (y - part[1]) * dy) / squared, 0.0), 1.0)
    else:  # seen from an end: the nearer one
        t = 1.0 if part[6] < part[2] else 0.0
    r = part[3] + t * (part[7] - part[3])
    nx, ny = (x - part[0] - t * dx) / r, (y - part[1] - t * dy) / r
    d = np.sqrt(nx * nx + ny * ny)  # in radii
    nz = -np.sqrt(max(1.0 - d * d, 0.0))
    edge = max(d, 1.0)  # a pixel outside has the normal of the edge
    facing = (nx * light[0] + ny * light[1]) / edge + nz * light[2]
    shade = light[3] + (1.0 - light[3]) * max(facing, 0.0)
    cover = min(max(r + 0.5 - r * d, 0.0), 1.0)
    return cover, part[2] + t * (part[6] - part[2]) + r * nz, shade


@helper
def _bar(part, light, x, y):
    """Return the same of a bar. Its brightness is 1; a bar of length 0 covers nothing."""
    dx, dy = part[4] - part[0], part[5] - part[1]
    length = np.sqrt(dx * dx + dy * dy)
    if length == 0.0:
        return 0.0, part[2], 1.0
    along = ((x - part[0]) * dx + (y - part[1]) * dy) / length
    across = abs((x - part[0]) * dy - (y - part[1]) * dx) / length
    t = min(max(along / length, 0.0), 1.0)
    r = part[3] + t * (part[7] - part[3])
    cover = min(max(r + 0.5 - across, 0.0), 1.0)
    cover *= min(max(length / 2 + 0.5 - abs(along - length / 2), 0.0), 1.0)
    return cover, part[2] + t * (part[6] - part[2]), 1.0
