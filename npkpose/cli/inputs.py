"""The text of ``--help`` about files of keypoints; `npkpose.space.files` reads them."""

INPUTS = """Files of keypoints: .npy, or .npz with an array "keypoints", (..., K, 2) of (x, y) in
pixels or (..., K, 3) of (x, y, score); .json with the same as nested lists; COCO results, and
every other format that predict writes or convert reads. A keypoint with NaN, null or a score of 0
is missing."""
