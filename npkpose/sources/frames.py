"""The frames of any source: `frames`."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np

from npkpose._check import shown
from npkpose.image.files import check_image, read_image
from npkpose.sources.ahead import read_ahead
from npkpose.sources.camera import is_camera
from npkpose.sources.frame import Frame
from npkpose.sources.paths import is_video, list_files
from npkpose.sources.video import Video

ERRORS = ValueError, OSError, MemoryError  # of an input that cannot be read


def frames(source: Any, failed: Callable[[str, Exception], Any] | None = None) -> Iterator[Frame]:
    """Yield the images of a source as `Frame`, each read when it is due.

    Parameters
    ----------
    source : path, array, `Video`, or iterable of these
        A path is that of an image, video or folder, a pattern such as "day1/*.jpg", or "webcam";
        an array is an image (H, W, 3) or several (N, H, W, 3) of uint8 RGB. The iterable may be a
        generator that never ends.
    failed : function of (str, Exception), optional
        Called with the name and the error of an input that cannot be read, and at the end of a
        video with damaged frames; then reading goes on. Default: an input that cannot be read
        raises its error, and a video with damaged frames gives a warning.

    Raises
    ------
    ValueError
        Not a source; or, without ``failed``, a file that is damaged or of another kind.
    OSError
        Without ``failed``, a file or camera that cannot be opened.
    """
    count = 0  # of images
    for item in _items(source):
        try:
            for path in list_files(item) if _is_path(item) else [item]:
                for frame in _frames_of(path, failed):
                    still = frame.time is None
                    yield frame._replace(index=count) if still else frame
                    count += still
        except ERRORS as error:
            if failed is None:
                raise
            failed(str(item) if _is_path(item) else f"image {count}", error)


def _items(source):
    """Return an iterable of paths, images and videos."""
    if _is_path(source) or isinstance(source, Video):
        return [source]
    if isinstance(source, np.ndarray):
        return [source] if source.ndim == 3 else source
    if not hasattr(source, "__iter__"):
        raise ValueError(f"source: expected paths, images or a video, got {shown(source)}")
    return source


def _is_path(item):
    return isinstance(item, (str, os.PathLike))


def _frames_of(item, failed):
    """Yield the frames of a path, a video or an array."""
    if isinstance(item, Video):
        yield from _video_frames(item, failed)
    elif not _is_path(item):
        yield Frame(check_image("image", item), "", 0)
    elif is_camera(item) or is_video(item):
        with Video(item) as video:
            yield from _video_frames(video, failed)
    else:
        yield Frame(read_image(item), item, 0)


def _video_frames(video, failed):
    """Yield the frames of a video; then say what was wrong with it."""
    with closing(read_ahead(video, newest=True) if video.is_live else iter(video)) as images:
        yield from images
    for problem in video.problems():
        if failed is None:
            warnings.warn(f"{video.path}: {problem}", stacklevel=2)
        else:
            failed(video.path, ValueError(f"{video.path}: {problem}"))
