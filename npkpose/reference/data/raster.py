"""Twin of `npkpose.data.raster`: paints each part on the whole image at once."""

import numpy as np


def paint_parts(parts, light, image, depth, owner):
    """Paint ``parts`` in place, as `data.raster.paint_parts` does."""
    y, x = np.mgrid[: depth.shape[0], : depth.shape[1]].astype(float)
    for part in np.asarray(parts, dtype=float):
        a, b, colour = part[:4], part[4:8], part[8:11]
        shape = bar if part[12] > 0 else capsule
        cover, surface, shade = shape(a, b, light, np.stack([x, y], axis=2))
        front = (cover > 0) & (surface <= depth)
        painted = image + cover[..., None] * (colour * shade[..., None] - image)
        image[front] = painted[front]
        half = front & (cover >= 0.5)
        depth[half] = surface[half]
        owner[half] = int(part[11])


def capsule(a, b, light, pixels):
    """Return cover, surface and shade (H, W) of a capsule from a to b (x, y, z, r)."""
    axis = (b - a)[:2]
    t = np.full(pixels.shape[:2], float(b[2] < a[2]))
    if axis @ axis > 1e-6:
        t = np.clip((pixels - a[:2]) @ axis / (axis @ axis), 0, 1)
    z, r = a[2] + t * (b - a)[2], a[3] + t * (b - a)[3]
    offset = pixels - a[:2] - t[..., None] * axis
    d = np.linalg.norm(offset, axis=2)
    height = np.sqrt(np.clip(r**2 - d**2, 0, None))  # of the surface above the axis
    normal = np.dstack([offset, -height]) / np.maximum(d, r)[..., None]
    shade = light[3] + (1 - light[3]) * np.clip(normal @ light[:3], 0, None)
    return np.clip(r + 0.5 - d, 0, 1), z - height, shade


def bar(a, b, light, pixels):
    """Return cover, surface and shade (H, W) of a bar from a to b (x, y, z, r)."""
    length = np.hypot(*(b - a)[:2])
    ones = np.ones(pixels.shape[:2])
    if length == 0:
        return 0 * ones, a[2] * ones, ones
    u = (b - a)[:2] / length
    along, across = (pixels - a[:2]) @ u, abs((pixels - a[:2]) @ [-u[1], u[0]])
    t = np.clip(along / length, 0, 1)
    cover = np.clip(a[3] + t * (b - a)[3] + 0.5 - across, 0, 1)
    cover = cover * np.clip(length / 2 + 0.5 - abs(along - length / 2), 0, 1)
    return cover, a[2] + t * (b - a)[2], ones
