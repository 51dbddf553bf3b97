"""Twins of the kernels in npkpose/tracking: similarity.py, a table of all pairs."""
