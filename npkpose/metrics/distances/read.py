"""Ground truth and results as `Labels` of one skeleton."""

import os

from npkpose import io
from npkpose._check import check_kind, shown
from npkpose.io import Labels


def read_both(ground_truth, results, skeleton=None, category=None):
    """Return both `Labels`, of one skeleton; see `evaluate_distances`."""
    skeleton = None if isinstance(skeleton, str) and skeleton.lower() == "auto" else skeleton
    truth = _read("ground_truth", ground_truth, skeleton, category)
    of_file = None if isinstance(results, Labels) else truth.skeleton
    found = _read("results", results, of_file, None)
    if len(found.skeleton.keypoints) != len(truth.skeleton.keypoints):
        of = f" of {truth.category}" if truth.category else ""
        raise ValueError(
            f"results: expected {truth.skeleton.num_keypoints} keypoints{of} "
            f"({truth.skeleton.name}), got {found.skeleton.num_keypoints}"
        )
    return truth, found


def _read(name, source, skeleton, category):
    if isinstance(source, (str, os.PathLike)):
        return io.read(source, skeleton=skeleton, category=category)
    check_kind(name, source, Labels)
    for argument, value in (("skeleton", skeleton), ("category", category)):
        if value is not None:
            got = shown(value)
            raise ValueError(f"{argument}: expected None, as {name} is Labels, got {got}")
    return source
