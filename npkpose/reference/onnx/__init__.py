"""Twins of `npkpose.onnx`."""
