"""Text on an image, in the font that Pillow brings along (extra ``examples``).

The part of a pixel that the text covers becomes its colour, as for strokes. Around it is a dark
edge, or behind it a rectangle of another colour, which keeps it readable on every image.
"""

import functools

import numpy as np

from npkpose._extras import require_pillow

MAX_TEXT = 100  # characters
MIN_SIZE, MAX_SIZE = 6, 600  # pixels of the font
DARK, LIGHT = (0, 0, 0), (255, 255, 255)


def write_text(canvas, place, text, size, colour=LIGHT, back=None):
    """Write a line of text on the canvas (H, W, C) of uint8, in place.

    Its top left corner is at ``place`` (x, y), or as near as the text is all inside. ``back`` is
    the colour of the rectangle behind it; without one it has a dark edge.
    """
    fill, edge = text_masks(text, size)
    if back is None:
        _blend(canvas, place, edge, DARK)
    else:
        _blend(canvas, place, np.full_like(edge, 255), back)
    _blend(canvas, place, fill, colour)


def text_masks(text, size):
    """Return the share (h, w), in 0..255, of each pixel that a text covers; and with its edge."""
    text = " ".join(text[:MAX_TEXT].splitlines())
    return _masks(text, int(min(max(size, MIN_SIZE), MAX_SIZE)))


def readable_on(colour):
    """Return black or white, whichever differs more in lightness from a colour."""
    return DARK if np.dot(colour, (0.299, 0.587, 0.114)) > 140 else LIGHT  # ITU-R BT.601's luma


def _blend(canvas, place, mask, colour):
    """Mix a colour into the canvas: cover * colour + (1 - cover) * before."""
    x, y = (
        int(min(max(place[axis], 0), max(canvas.shape[1 - axis] - mask.shape[1 - axis], 0)))
        for axis in (0, 1)
    )
    box = canvas[y : y + mask.shape[0], x : x + mask.shape[1]]
    cover = mask[: box.shape[0], : box.shape[1], None] / 255
    colour = np.append(colour, 255.0)[: canvas.shape[2]]
    box[:] = np.rint(cover * colour + (1 - cover) * box)


@functools.lru_cache(maxsize=512)
def _masks(text, size):
    pillow = require_pillow()
    from PIL import ImageDraw, ImageFont

    font, edge = ImageFont.load_default(size), max(size // 10, 1)
    left, _, right, _ = font.getbbox(text)
    shape = int(right - left) + 2 * edge, round(1.2 * size) + 2 * edge
    masks = []
    for stroke in (0, edge):
        mask = pillow.new("L", shape)
        ImageDraw.Draw(mask).text((edge - left, edge), text, 255, font, stroke_width=stroke)
        masks.append(np.asarray(mask))
    return masks
