"""PCK, NME, AUC and EPE of annotation files: `evaluate_distances`.

Files of any format that `npkpose.io.read` knows are read, results are paired with annotations
(`pairing`), distances divided by sizes (`sizes`), and summed up as a protocol says (`protocols`).
A missing result or keypoint is not correct for PCK, and refused for NME and EPE, which have no
number for it. Keypoints that the ground truth does not label, and ignored people, are left out.
"""

import warnings

import numpy as np

from npkpose._check import real_array
from npkpose.metrics.distances.pairing import pair_results
from npkpose.metrics.distances.protocols import as_distance_protocol
from npkpose.metrics.distances.read import read_both
from npkpose.metrics.distances.sizes import sizes_of
from npkpose.metrics.mpii import KEYPOINTS, mpii_protocol
from npkpose.metrics.pck import auc, normalised_distances, pck

AUC_STEPS = 20  # of the curve of PCK, as published code has it


class DistanceScores:
    """Named numbers, in ``numbers``; ``print`` it for one line each."""

    def __init__(self, protocol, numbers, per_keypoint, faces=None):
        self.protocol = protocol
        self.numbers = numbers  # {name: float}
        self.per_keypoint = per_keypoint  # {keypoint: mean distance over size}, NaN if not labelled
        self.faces = faces  # NME of each face (N,), or None

    def __getitem__(self, name):
        return self.numbers[name]

    def __str__(self):
        width = max(map(len, self.numbers))
        return "\n".join(f" {name:<{width}} = {value:.4f}" for name, value in self.numbers.items())

    def __repr__(self):
        inside = ", ".join(f"{name}={value:.4f}" for name, value in self.numbers.items())
        return f"DistanceScores({inside})"


def evaluate_distances(
    ground_truth, results, protocol="pck", *, skeleton=None, category=None, size=None,
    thresholds=None,
):  # fmt: skip
    # More than six arguments: each is a setting of a protocol, and all have defaults.
    """Return the `DistanceScores` of results, one for each annotated person, face or hand.

    Parameters
    ----------
    ground_truth, results : path or Labels
        Files of any format that `npkpose.io.read` reads.
    protocol : str or DistanceProtocol
        A name of `DISTANCE_PROTOCOLS`.
    skeleton : Skeleton, name of one, or "auto"; optional
        Of both files. Default: that of the ground truth.
    category : int or str, optional
        Of the ground truth, if its file has several.
    size : str, optional
        What distances are divided by, instead of the protocol's: see `sizes`.
    thresholds : sequence of float, optional
        Instead of the protocol's: of PCK, or of the failure rate and AUC of faces.

    Raises
    ------
    ValueError
        A file that cannot be read, results of other keypoints or of unknown images, a size that
        the files do not have, or for NME and EPE a keypoint without a result.
    FileNotFoundError
    """
    protocol = _with_settings(as_distance_protocol(protocol), size, thresholds)
    truth, found = read_both(ground_truth, results, skeleton, category)
    truth = truth.at(~truth.ignored & truth.present.any(axis=1))
    if not len(truth):
        raise ValueError("ground_truth: expected somebody with a labelled keypoint, got nobody")
    rows = pair_results(truth, found)
    points = np.append(found.keypoints, np.full((1, *found.keypoints.shape[1:]), np.nan), axis=0)
    return _scores(protocol, truth, points[rows])


def _with_settings(protocol, size, thresholds):
    """Return the protocol with another size or other thresholds."""
    if size is not None:
        protocol = protocol._replace(size=size)
    if thresholds is None:
        return protocol
    given = np.atleast_1d(real_array("thresholds", thresholds))
    if given.ndim != 1 or not len(given) or not ((given > 0) & np.isfinite(given)).all():
        raise ValueError(f"thresholds: expected positive numbers, got {thresholds!r}")
    if protocol.face_threshold:
        return protocol._replace(face_threshold=float(given[0]))
    return protocol._replace(thresholds=tuple(given.tolist()))


def _scores(protocol, truth, points):
    """Return the `DistanceScores` of the points (N, K, 2) of each person; NaN if missing."""
    sizes = sizes_of(truth, protocol.size)
    kept = np.isfinite(sizes) & (sizes > 0)
    if not kept.all():
        text = f"{int((~kept).sum())} have no size {protocol.size!r} and are left out"
        warnings.warn(f"ground_truth: {text}", stacklevel=4)
        if not kept.any():
            raise ValueError(f"ground_truth: expected the size {protocol.size!r}, got none")
        truth, points, sizes = truth.at(kept), points[kept], sizes[kept]
    distances, labelled = normalised_distances(points, truth.keypoints, sizes)
    numbers, faces = {}, None
    if protocol.is_mpii:
        numbers.update(_mpii_numbers(truth, points))
    elif protocol.thresholds:
        result = pck(points, truth.keypoints, sizes, protocol.thresholds)
        numbers.update((f"PCK@{t:g}", float(v)) for t, v in zip(protocol.thresholds, result.mean))
    if protocol.auc_pixels or protocol.face_threshold:
        _check_all_found(truth, distances, labelled)
    if protocol.auc_pixels:
        numbers.update(_pixel_numbers(truth, points, protocol.auc_pixels))
    if protocol.face_threshold:
        faces = np.where(labelled, distances, 0.0).sum(axis=1) / labelled.sum(axis=1)
        numbers.update(_face_numbers(faces, protocol.face_threshold))
    return DistanceScores(protocol, numbers, _per_keypoint(truth, distances, labelled), faces)


def _mpii_numbers(truth, points):
    if truth.skeleton.num_keypoints != KEYPOINTS:
        got = f"{truth.skeleton.num_keypoints} of {truth.skeleton.name}"
        raise ValueError(f"ground_truth: expected MPII's {KEYPOINTS} keypoints, got {got}")
    boxes = np.asarray(truth.fields["head_boxes"], dtype=np.float64)
    corners = np.c_[boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]
    scores = mpii_protocol(points, truth.keypoints, corners, offset=0.0)
    names = "Head Shoulder Elbow Wrist Hip Knee Ankle Mean Mean@0.1".split()
    return dict(zip(names, scores))


def _pixel_numbers(truth, points, high):
    pixels = np.ones(len(points))
    distances, labelled = normalised_distances(points, truth.keypoints, pixels)
    area = auc(points, truth.keypoints, pixels, high=high, steps=AUC_STEPS)
    return {f"AUC@{high:g}px": area, "EPE": float(distances[labelled].mean())}


def _face_numbers(faces, threshold):
    """Return NME, AUC (the exact area) and failure rate of the errors (N,) of faces."""
    return {
        "NME": float(faces.mean()),
        f"AUC@{threshold:g}": float(np.maximum(0.0, 1.0 - faces / threshold).mean()),
        f"FR@{threshold:g}": float((faces > threshold).mean()),
    }


def _check_all_found(truth, distances, labelled):
    missing = np.argwhere(labelled & np.isinf(distances))
    if len(missing):
        n, k = missing[0]
        image = truth.images[truth.image_index[n]]
        raise ValueError(
            f"results: expected keypoint {truth.skeleton.keypoints[k]!r} of image "
            f"{image.file_name or image.id!r}, got none: NME and EPE need every labelled keypoint"
        )


def _per_keypoint(truth, distances, labelled):
    """Return {name: mean distance over size} of each keypoint; infinite if one is missing."""
    sums = np.where(labelled, distances, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        means = sums / labelled.sum(axis=0)
    return dict(zip(truth.skeleton.keypoints, means.tolist()))
