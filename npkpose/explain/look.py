"""What the figures of npkpose.explain have in common: a width for phones, letters, and colours."""

from npkpose._check import shown
from npkpose._extras import require_figure

WIDTH = 4.2  # inches: on a phone 9 pt are then 11 of the screen's pixels
TALLEST = 2.2  # heights of a figure, in widths
FONT = 9  # pt
DPI = 160
KEPT, WRONG, MARK = "#d55e00", "#0072b2", "#009e73"  # Okabe and Ito: what is kept, what is not


def check_names(names, count):
    """Return ``names`` as a list of ``count`` texts, with spaces for _; ValueError otherwise."""
    is_list = isinstance(names, (list, tuple))
    if not is_list or len(names) != count or not all(isinstance(name, str) for name in names):
        raise ValueError(f"names: expected {count} texts, got {shown(names)}")
    return [name.replace("_", " ") for name in names]


def new_figure(height):
    """Return an empty figure; ``height`` is in widths."""
    height = min(height, TALLEST)
    return require_figure()(figsize=(WIDTH, WIDTH * height), dpi=DPI, layout="constrained")


def show_image(axes, image, size=None):
    """Show an image (H, W, 3) with axes in its pixels, or in those of one of ``size`` (H, W)."""
    high, wide = image.shape[:2] if size is None else size
    axes.imshow(image, extent=(-0.5, wide - 0.5, high - 0.5, -0.5))
    set_labels(axes, "x, pixels", "y, pixels")


def set_labels(axes, x, y):
    """Name both axes, in letters that fit."""
    axes.set_xlabel(x, fontsize=FONT)
    axes.set_ylabel(y, fontsize=FONT)
    axes.tick_params(labelsize=FONT - 1)


def image_height(image, lines):
    """Return the height of an image with its axes and a title of ``lines`` lines, in widths."""
    return image.shape[0] / image.shape[1] * 0.84 + 0.13 + 0.045 * lines


def image_figure(image, title, size=None):
    """Return a figure and its axes, with an image and a title that may have several lines.

    ``size`` (H, W) is that of the larger image whose pixels the axes count.
    """
    figure = new_figure(image_height(image, title.count("\n") + 1))
    axes = figure.subplots()
    show_image(axes, image, size)
    axes.set_title(title, fontsize=FONT, loc="left")
    return figure, axes
