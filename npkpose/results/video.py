"""A video file, encoded by PyAV: H.264 in MP4, with the time stamps of the video it was made of.

H.264 as all players know it has even sides. An odd side gets one pixel more, a copy of the last;
coordinates stay. Colours are converted and marked as BT.709. Sound is left out.
"""

from contextlib import contextmanager

import numpy as np

from npkpose._extras import require_av

CODECS = ("libx264", "libopenh264", "mpeg4")  # the first that PyAV was built with
OPTIONS = {"libx264": {"preset": "ultrafast", "crf": "20"}, "mpeg4": {"qscale": "3"}}
BT709, LIMITED = 1, 1  # FFmpeg's numbers


class VideoFile:
    """Write images (H, W, 3), uint8 RGB, or RGBA over black, to ``path``.

    ``rate`` (frames per second), ``time_base`` and ``aspect`` are those of a `sources.Video`. The
    first image sets the size; others are cut, or get black borders, at right and below.
    """

    def __init__(self, path, rate, time_base, aspect=1):
        self._av = require_av()
        self._path, self._rate, self._time_base, self._aspect = path, rate, time_base, aspect
        self._container, self._last = None, None

    def add(self, image, time):
        """Encode an image shown from ``time``, in seconds, on; OSError if that fails."""
        with self._errors():
            if self._container is None:
                self._open(image.shape)
            self._encode(image, time)

    def _encode(self, image, time):
        image = _fit(image, self._size)
        frame = self._av.VideoFrame.from_numpy_buffer(image, format="rgb24")  # not copied
        frame = frame.reformat(format="yuv420p", dst_colorspace=BT709)
        stamp = round(time / self._time_base)
        self._last = stamp if self._last is None else max(stamp, self._last + 1)
        frame.pts, frame.time_base = self._last, self._time_base
        self._container.mux(self._stream.encode(frame))

    def close(self):
        """Complete the file; without images, there is none."""
        if self._container is not None:
            with self._errors(), self._container:
                self._container.mux(self._stream.encode(None))

    @contextmanager
    def _errors(self):
        try:
            yield
        except self._av.error.FFmpegError as error:
            raise OSError(f"{self._path}: the video cannot be written: {error}") from None

    def _open(self, shape):
        self._size = tuple(side + side % 2 for side in shape[:2])
        codec = next(name for name in CODECS if name in self._av.codecs_available)
        self._container = self._av.open(str(self._path), "w", format="mp4")
        self._stream = self._container.add_stream(
            codec, rate=self._rate, options=OPTIONS.get(codec, {})
        )
        context = self._stream.codec_context
        context.height, context.width = self._size
        context.pix_fmt, context.time_base = "yuv420p", self._time_base
        context.thread_count = 1  # the caller's, with its priority
        context.sample_aspect_ratio = self._aspect
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        self._container.start_encoding()  # opens the file, which may fail


def _fit(image, size):
    """Return RGB in another size: cut, or with its last row and column or black added."""
    if image.shape[2] == 4:
        image = (image[..., :3] * (image[..., 3:] / 255)).astype(np.uint8)
    image = image[: size[0], : size[1]]
    more = [(0, want - got) for want, got in zip(size, image.shape)]
    if not any(after for _, after in more):
        return np.ascontiguousarray(image)
    mode = "edge" if max(after for _, after in more) == 1 else "constant"
    return np.pad(image, [*more, (0, 0)], mode)
