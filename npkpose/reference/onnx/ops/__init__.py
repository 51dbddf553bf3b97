"""Twins of `npkpose.onnx.ops`."""
