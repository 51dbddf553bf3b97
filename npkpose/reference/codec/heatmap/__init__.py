"""Twins of the kernels in npkpose/codec/heatmap.

Read in this order:

    argmax.py          NumPy's argmax over finite pixels
    decode.py          one function per refinement, for all maps at once
    dark.py            the Newton step with matrix products and a solver
    peaks.py           plateaus by labelling
    merged_peaks.py    peaks as Gaussians, map after map
    hidden_peaks.py    Gaussians drawn on the whole map, and fitted
"""
