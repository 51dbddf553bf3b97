"""Twins of the compiled kernels of `npkpose.image`: warp.py, strokes.py."""
