"""Twin of `npkpose.image.strokes`: the formula on every pixel of the image, without tiles."""

import numpy as np


def paint_strokes(image, strokes, opacity=1.0):
    """Return a copy of an image (H, W, C) of uint8 with strokes on it."""
    drawn = image.astype(float)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    for (x0, y0, x1, y1, radius), colour, strength in zip(*strokes):
        dx, dy = x1 - x0, y1 - y0
        t = ((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-300)
        t = t.clip(0, 1)
        distance = np.hypot(x - x0 - t * dx, y - y0 - t * dy)
        cover = (strength * (radius + 0.5 - distance).clip(0, 1))[..., None]
        colour = np.append(colour, 255.0)[: image.shape[2]]
        drawn = np.rint(cover * colour + (1 - cover) * drawn)
    return np.rint(opacity * drawn + (1 - opacity) * image).astype(np.uint8)
