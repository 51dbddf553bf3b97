"""NumPy twins of `npkpose.nn.passes`."""

import numpy as np


def finish(products, y, images, channel, pixels, width, shuffle, slope, offset, skip, relu, joined):
    """Twin of `npkpose.nn.passes.finish`."""
    n, L = images[1] - images[0], pixels[1] - pixels[0]
    P, _, O, _ = products.shape
    if joined:
        products = products[..., : n * L].reshape(P, O, n, L).swapaxes(1, 2)
    total = products[..., :L].sum(axis=0)  # (n, O, L)
    sh, sw = shuffle
    if sh * sw == 1:
        part = slice(*images), slice(channel, channel + O), slice(*pixels)
        y[part] = _after(total, part[1], slope, offset, skip[part] if skip.size else skip, relu)
        return
    image = y.reshape(*y.shape[:2], -1, sh, width, sw)
    rows = slice(pixels[0] // width, pixels[1] // width)
    for o in range(O):
        c, r, q = (channel + o) // (sh * sw), (channel + o) // sw % sh, (channel + o) % sw
        one = _after(total[:, o : o + 1], slice(c, c + 1), slope, offset, skip, relu)
        image[slice(*images), c, rows, r, :, q] = one.reshape(n, -1, width)


def sum_shifted(padded, weight, window, size, y, image, channel, slope, offset, skip, relu):
    """Twin of `npkpose.nn.passes.sum_shifted`."""
    (kh, kw), (dh, dw), _, (sh, sw) = window
    Ho, Wo = size
    channels = slice(channel, channel + len(padded))
    total = np.zeros((len(padded), Ho, Wo), y.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dh * i, dh * i + sh * (Ho - 1) + 1, sh)
            cols = slice(dw * j, dw * j + sw * (Wo - 1) + 1, sw)
            total += weight[channels, :, i, j, None] * padded[:, rows, cols]
    part = slice(image, image + 1), channels
    total = total.reshape(1, len(padded), Ho * Wo)
    y[part] = _after(total, channels, slope, offset, skip[part] if skip.size else skip, relu)


def _after(total, channels, slope, offset, skip, relu):
    if slope.size:
        total = total * slope[channels, None]
    if offset.size:
        total = total + offset[channels, None]
    if skip.size:
        total = total + skip
    return np.maximum(total, 0) if relu else total
