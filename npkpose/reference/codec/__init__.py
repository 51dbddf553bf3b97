"""Twins of the kernels in npkpose/codec.

Read in this order:

    heatmap/         argmax, decoding, peaks
    assignment.py    every possible matching, and the best of them
    nms.py           all similarities in a table, then a greedy choice
    paf/             affinity fields: limbs, and people put together from them
    tags/            peaks with their tags, and keypoints filled in
"""
