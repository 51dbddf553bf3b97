"""Images, one after the other: of photographs, folders, lists, videos, cameras, arrays.

    for frame in frames("folder"):
        frame.image, frame.source, frame.index, frame.time

Every source is read lazily, so memory does not grow with its length. Read in this order:

    frame.py     the class Frame: an image, where it is from, its number and time
    paths.py     the files that folders, patterns and lists name
    video.py     the frames of a video file, damaged ones passed over
    camera.py    those of a camera
    frames.py    those of any source
    ahead.py     a thread that reads the next frame while this one is used
"""

from npkpose.sources.frame import Frame
from npkpose.sources.frames import frames
from npkpose.sources.video import Video

__all__ = ["Frame", "Video", "frames"]
