"""Running a TFLite file: a session of the ONNX graph that it becomes."""

from pathlib import Path

from npkpose import onnx
from npkpose.tflite.file import IDENTIFIER
from npkpose.tflite.lower import load_tflite


class Session(onnx.Session):
    """A network from a TFLite file, ready to run.

    All is as in `npkpose.onnx.Session`. Images have their channels last, as the file declares.
    """

    load = staticmethod(load_tflite)


def is_tflite(path):
    """Return whether a file is TFLite: by its name, or its identifier."""
    path = Path(path)
    if path.suffix.lower() == ".tflite" or not path.is_file():
        return path.suffix.lower() == ".tflite"
    with open(path, "rb") as stream:
        return stream.read(8)[4:] == IDENTIFIER


def open_session(path, any_size=False):
    """Return the session of an ONNX or TFLite file."""
    return (Session if is_tflite(path) else onnx.Session)(path, any_size=any_size)
