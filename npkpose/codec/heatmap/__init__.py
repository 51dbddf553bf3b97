"""A keypoint as a heatmap, and a heatmap as keypoints.

Read in this order:

    gaussian.py        keypoints to heatmaps: the Gaussian that a network learns to give
    decode.py          heatmaps to keypoints: the highest pixel, and the peak between the pixels
    dark.py            the same from more pixels: a Newton step on the blurred map
    simcc.py           a keypoint as two classifications, over columns and over rows
    expected_oks.py    the expected score of every pixel as an answer, from probabilities
    blur.py            less noise, before peaks are searched
    peaks.py           every local maximum, for images of many people
    merged_peaks.py    neighbouring peaks with one maximum between them
    hidden_peaks.py    the search and the fit for them

There and back:

    heatmaps = gaussian_heatmaps(keypoints, size=64)    # (N, K, 2) -> (N, K, 64, 64)
    keypoints, scores = decode_heatmaps(heatmaps)
"""

from npkpose.codec.heatmap.blur import smooth_heatmaps
from npkpose.codec.heatmap.decode import decode_heatmaps, heatmap_to_coords
from npkpose.codec.heatmap.expected_oks import expected_oks
from npkpose.codec.heatmap.gaussian import gaussian_heatmap, gaussian_heatmaps
from npkpose.codec.heatmap.merged_peaks import separate_peaks
from npkpose.codec.heatmap.peaks import Peaks, find_peaks
from npkpose.codec.heatmap.simcc import decode_simcc, simcc_targets

__all__ = [
    "Peaks", "decode_heatmaps", "decode_simcc", "expected_oks", "find_peaks",
    "gaussian_heatmap", "gaussian_heatmaps", "heatmap_to_coords", "separate_peaks",
    "simcc_targets", "smooth_heatmaps",
]  # fmt: skip
