"""Do a file's images exist, and do they have the sizes that the file says?"""

import warnings

from npkpose._extras import require_pillow
from npkpose.data.image_files import find_images
from npkpose.metrics.coco.doctor import Finding

ORIENTATION, SIDEWAYS = 274, (5, 6, 7, 8)  # EXIF's tag, and its values for a quarter turn

MISSING = "images that are not in the folder"
DAMAGED = "images that cannot be opened"
TURNED = "width and height exchanged: the image has them the other way"
WRONG = "width and height that are not the image's"
UNSIZED = "no width and height, which the image has"
NONE = "None for annotations and results of one frame"


def examine_images(images, folder):
    """Return the findings about images, and the sizes of those that can be opened.

    Parameters
    ----------
    images : list of (place, file_name, width, height)
        A width or height of None is not known.
    folder : path_like

    Returns
    -------
    findings : list of Finding
    sizes : dict of {index in ``images``: (width, height)}
        Where the file has none, or has them exchanged.
    """
    paths = find_images(folder, [str(name) for _, name, *_ in images])
    found, sizes = {}, {}
    for i, ((place, name, width, height), path) in enumerate(zip(images, paths)):
        what, size = _examine(path, width, height)
        if what is not None:
            found.setdefault(what, []).append(f"{place} {str(name)[:60]!r}{_sizes(width, size)}")
        if what in (TURNED, UNSIZED):
            sizes[i] = size
    effects = {
        MISSING: f"{NONE}; a method cannot find anybody in them: AR falls.",
        DAMAGED: f"{NONE}; a method cannot find anybody in them: AR falls.",
        TURNED: f"{NONE}. Normalised coordinates and checks of the border are wrong.",
        WRONG: "Keypoints belong to an image of another size, or the size is wrong: methods that "
        "see this image score near 0 if it was resized.",
        UNSIZED: f"{NONE}.",
    }
    return [Finding(what, effects[what], places) for what, places in found.items()], sizes


def _examine(path, width, height):
    """Return what is wrong with an image, or None, and its (width, height) or None."""
    if path is None:
        return MISSING, None
    try:
        size, sideways = read_size(path)
    except ValueError:
        return DAMAGED, None
    if width is None or height is None:
        return UNSIZED, size[::-1] if sideways else size
    if (width, height) == size or sideways and (height, width) == size:
        return None, size
    return (TURNED if (height, width) == size else WRONG), size


def read_size(path):
    """Return an image's stored (width, height), and whether EXIF turns it by a quarter.

    Raises ValueError for a file that is no image. The pixels are not read.
    """
    pillow = require_pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large images
            with pillow.open(path) as image:
                return image.size, image.getexif().get(ORIENTATION) in SIDEWAYS
    except Exception as error:  # of damaged files, Pillow's readers raise almost anything
        raise ValueError(f"{path}: expected an image, got {type(error).__name__}") from None


def _sizes(width, size):
    return "" if size is None or width is None else f" of {size[0]} x {size[1]}"
