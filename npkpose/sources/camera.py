"""A camera, by its number: "webcam" is the first, "webcam:1" the second.

On Windows cameras have names and no numbers: "webcam:Integrated Camera".
"""

import os
import sys

from npkpose._extras import require_av

DEVICES = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}:none"),
           "win32": ("dshow", "video={}")}  # fmt: skip
NAME = "webcam"


def is_camera(source):
    """Return whether a source is a camera's name, and no file."""
    return source.partition(":")[0] == NAME and not os.path.exists(source)


def open_camera(source):
    """Return PyAV's container of a camera; None if the source does not name one.

    Raises OSError that says which device was asked for.
    """
    if not is_camera(source):
        return None
    format, device = DEVICES.get(sys.platform, DEVICES["linux"])
    device = device.format(source.partition(":")[2] or "0")
    av = require_av()
    try:
        return av.open(device, format=format)
    except (av.error.FFmpegError, ValueError) as error:
        raise OSError(f"{source}: expected a camera, got no {device} ({error})") from None
