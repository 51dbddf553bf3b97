"""The frames of a video, decoded by PyAV (FFmpeg's libraries), one at a time.

Each frame has its own time stamp, so videos of a variable frame rate keep their times. A frame is
turned upright as the file's rotation says. Frames that cannot be decoded are counted and passed
over: decoding goes on at the next packet that gives a frame. A decoder may also conceal damage
within a frame; such frames are used, and counted apart.
"""

import os
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from npkpose._extras import require_av
from npkpose.sources.camera import open_camera
from npkpose.sources.frame import Frame

RATE = Fraction(30)  # frames per second of a file that does not say it
MICROSECONDS = 1_000_000  # FFmpeg's unit of a duration
MARGIN = 1.0  # seconds by which sound, or the last frame, may be longer


class Video:
    """The frames of a video file or camera, to be iterated over once.

    Parameters
    ----------
    path : path_like
        A file, or "webcam", "webcam:1" and so on.

    Attributes
    ----------
    rate, time_base, aspect : Fraction
        Frames per second, on average; seconds, of which all times are multiples; width of a pixel
        in heights.
    count : int or None
        Number of frames that the file announces.
    has_audio, is_live : bool
        Whether there is sound; whether it is a camera, whose frames do not wait.
    damaged, concealed : int
        So far: frames that could not be decoded; frames with concealed damage.

    Raises
    ------
    ValueError
        Not a video, or one whose beginning is damaged.
    OSError
        The file or camera cannot be opened.
    ImportError
        Without PyAV (the ``video`` extra).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._av, camera = require_av(), open_camera(self.path)
        self.is_live = camera is not None
        self._container = camera or self._open()
        streams = self._container.streams
        if not streams.video:
            self.close()
            raise ValueError(f"{self.path}: expected a video, got a file without images")
        self._stream = stream = streams.video[0]
        self.rate = stream.average_rate or stream.guessed_rate or RATE
        self.time_base = stream.time_base or 1 / self.rate
        self.aspect = stream.sample_aspect_ratio or Fraction(1)
        duration = None if self.is_live else self._container.duration  # None if not known
        self._frames, self._duration = stream.frames, (duration or 0) / MICROSECONDS
        self.count = self._frames or round(self._duration * self.rate) or None
        self.has_audio = bool(streams.audio)
        self._packets = self._index = self.damaged = self.concealed = 0
        self._last_time = 0.0
        start = Fraction(self._container.start_time or 0, MICROSECONDS)
        self._first = None if self.is_live else round(start / self.time_base)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames as `Frame`."""
        for packet in self._read_packets():
            for frame in self._decode(packet):
                self.concealed += frame.is_corrupt
                self._last_time = self._time_of(frame)
                yield Frame(upright(frame), self.path, self._index, self._last_time)
                self._index += 1
                del frame  # or its memory is held while the next one is decoded

    def _time_of(self, frame):
        """Return the time of PyAV's frame in seconds, since the beginning of the video."""
        if frame.pts is None:
            return float(self._index / self.rate)
        if self._first is None:  # of a camera, whose clock may run since the computer started
            self._first = frame.pts
        return float((frame.pts - self._first) * self.time_base)

    def problems(self) -> list[str]:
        """Return, in words, what was wrong with the frames; to be called after the last one."""
        found = []
        if self.damaged:
            found.append(f"frames that cannot be decoded: {self.damaged}, left out")
        if self.concealed:
            found.append(f"frames with damage that the decoder concealed: {self.concealed}")
        if self._frames > self._packets:
            found.append(f"the file ends after {self._packets} of {self._frames} frames")
        elif not self._frames and self._last_time + MARGIN < self._duration:
            found.append(f"the file ends at {self._last_time:.1f} of {self._duration:.1f} s")
        return found

    def _open(self):
        try:
            return self._av.open(self.path)
        except (FileNotFoundError, PermissionError):
            raise
        except self._av.error.FFmpegError:
            got = "another file, or one whose end is missing"
            raise ValueError(f"{self.path}: expected a video, got {got}") from None

    def _read_packets(self):
        """Yield the packets of the video; the last one, which is empty, asks for delayed frames."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except self._av.error.FFmpegError:  # the file cannot be read any farther
                self._count_damaged()
                return
            self._packets += packet.size > 0 or packet.dts is not None  # not the last, empty one
            yield packet

    def _decode(self, packet):
        """Return the frames of a packet; none if they are damaged."""
        try:
            return packet.decode()
        except self._av.error.EOFError:
            return []
        except self._av.error.FFmpegError:
            self._count_damaged()
            return []

    def _count_damaged(self):
        self.damaged += 1
        self._index += 1


def upright(frame):
    """Return PyAV's frame as (H, W, 3) uint8 RGB, rotated as its file says."""
    image = frame.to_ndarray(format="rgb24")
    quarters = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image
