"""A pipeline on the frames of a source, one after the other.

    thread 1    read a frame, prepare it: the network's input
    thread 2    the network
    caller      people, which the caller draws or writes

The three overlap, so a frame takes little longer than the network needs for it. At most one
finished frame waits between two of them, so memory does not grow with the number of frames.
"""

from contextlib import closing

from npkpose.sources.ahead import read_ahead
from npkpose.sources.frames import ERRORS, frames


def run(stages, source, failed=None):
    """Yield (frame, poses) for each frame of a source.

    Parameters
    ----------
    stages : three functions
        Of an image; of what the first returns, calling the network; and of the image's shape and
        what the second returns, returning the `Poses`.
    source, failed
        Of `npkpose.sources.frames`. With ``failed``, a frame in which an image's size is refused,
        for example, is passed over too.
    """
    prepare, forward, finish = stages
    images = ((frame, frame.image) for frame in frames(source, failed))
    prepared = _each(lambda frame, image: prepare(image), images, failed)
    prepared = read_ahead(prepared, background=True)
    outputs = read_ahead(_each(lambda frame, value: forward(value), prepared, failed))
    found = _each(lambda frame, value: finish(frame.image.shape, value), outputs, failed)
    with closing(found):
        yield from found


def _each(function, pairs, failed):
    """Yield (frame, function(frame, value)) for pairs (frame, value) of a generator."""
    with closing(pairs):
        for frame, value in pairs:
            try:
                value = function(frame, value)
            except ERRORS as error:
                _fail(failed, frame, error)
            else:
                yield frame, value
            del frame, value


def _fail(failed, frame, error):
    """Report an error of one frame, or raise it."""
    if failed is None:
        raise error
    where = "" if frame.time is None else f", frame {frame.index}"
    failed(f"{frame.source}{where}" if frame.source else f"image {frame.index}", error)
