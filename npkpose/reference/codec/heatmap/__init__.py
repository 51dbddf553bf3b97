"""Twins of the kernels in npkpose/codec/heatmap.

Read in this order:

    decode.py          NumPy's argmax, and one function per refinement, for all maps at once
    dark.py            the Newton step with matrix products and a solver
    simcc.py           each axis as a map of height 1
    peaks.py           plateaus by labelling
    merged_peaks.py    peaks as Gaussians, map after map
    hidden_peaks.py    Gaussians drawn on the whole map, and fitted
"""
