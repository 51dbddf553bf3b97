"""TFLite files: networks of TensorFlow Lite as graphs of `npkpose.onnx`, which run the same way.

    session = Session("hand_landmark_lite.tflite")
    outputs = session.run({"input_1": images})     images (N, H, W, 3)

The operators are those of MediaPipe's networks, and simple ones; others are refused by name.

Read in this order:

    flatbuffer.py   tables, vectors and offsets
    file.py         tensors and operators
    sparse.py       weights of which the file lists those that are not zero
    operators.py    each as nodes of ONNX
    lower.py        the graph of all: channels last become channels first
    session.py      what a caller sees
"""

from npkpose.tflite.lower import load_tflite
from npkpose.tflite.session import Session, is_tflite, open_session

__all__ = ["Session", "is_tflite", "load_tflite", "open_session"]
