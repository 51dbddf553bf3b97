"""The images beside a file of keypoints: where they are, and their sizes.

Formats of coordinates from 0 to 1 need the sizes. They are read from the headers of image files,
through Pillow; the pixels are not.
"""

import pathlib

from npkpose._extras import require_pillow

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif")


def image_size(path):
    """Return (width, height) of an image file, or raise ValueError."""
    pillow = require_pillow()
    try:
        with pillow.open(path) as image:
            return image.size
    except OSError as error:
        raise ValueError(f"{path}: expected an image, got {error}") from None
    except Exception as error:  # of damaged files, Pillow's readers raise almost anything
        raise ValueError(f"{path}: expected an image, got {type(error).__name__}") from None


def find_image(folder, stem):
    """Return the image file of this name without suffix in a folder, or None."""
    for suffix in SUFFIXES:
        for path in (folder / f"{stem}{suffix}", folder / f"{stem}{suffix.upper()}"):
            if path.is_file():
                return path
    return None


def existing(folder, name):
    """Return the path of a file in a folder; of a name with backslashes, the one that exists."""
    path = pathlib.Path(folder, name)
    return path if "\\" not in name or path.exists() else folder / name.replace("\\", "/")


def leaves_folder(path):
    """Return whether a path is absolute or goes up, on this system or on Windows."""
    windows = pathlib.PureWindowsPath(path)
    return bool(pathlib.PurePath(path).is_absolute() or windows.root or ".." in windows.parts)
