"""Small videos made on the spot, damaged ones too."""

import numpy as np
import pytest

av = pytest.importorskip("av", reason="videos need PyAV")


def grey(i):
    """Return the grey value of frame ``i``."""
    return 20 + 20 * (i % 10)


def write_video(
    path, count=10, size=(48, 64), codec="libx264", *, rotation=None, rate=25, gap=0, first=0,
    sound=False,
):  # fmt: skip
    """Write frames of one grey each, white at top left; ``gap`` frames are missing after the 5th.

    ``first`` is the time stamp of the first one, in frames. MJPEG frames do not depend on each
    other, so damage to one is damage to one.
    """
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate)
        stream.height, stream.width = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if rotation is not None:
            stream.set_display_rotation(rotation)
        if sound:
            _add_silence(file)
        for i in range(count):
            image = np.full((*size, 3), grey(i), np.uint8)
            image[:16, :16] = 255
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts = first + i + gap * (i >= 5)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def _add_silence(file):
    stream = file.add_stream("pcm_s16le", rate=8000)
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
    frame.sample_rate = 8000
    file.mux(stream.encode(frame))


def damage(path, number):
    """Overwrite the bytes of a frame of a file with zeros."""
    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux(video=0) if packet.size]
        at, size = packets[number].pos, packets[number].size
        del packets
    content = bytearray(path.read_bytes())
    content[at : at + size] = bytes(size)
    path.write_bytes(content)
    return path


def cut(path, share):
    """Keep this share of a file's bytes."""
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    return path
