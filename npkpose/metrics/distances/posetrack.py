"""PoseTrack's evaluation: AP of each keypoint, and how well identities are kept (MOTA).

A keypoint is correct within half the head's size, 0.6 of the diagonal of the head's box. A pose's
PCKh with a person is the share of the person's labelled keypoints that are correct. Each pose keeps
the person with whom its PCKh is highest (the first of equals), and each person gets the pose that
has the highest PCKh among those that kept it, if above 0. Keypoints of that pose are true positives
where they are correct; all other keypoints are false positives. The AP of a keypoint is the area
under its precision, made falling from the right, over recall (VOC's, all points), with all images
sorted by the keypoint's score. Andriluka et al., "PoseTrack: A Benchmark for Human Pose Estimation
and Tracking", CVPR 2018, arXiv:1710.10000; the details are those of its released code, poseval.

Images without ground truth are left out. Keypoints inside an image's polygons
to ignore (``image_fields["ignore_regions"]``) are left out, of both. The 15 keypoints are found by
name, head_bottom being the neck; head, neck and nose make the group "head".

Departures: a keypoint that is never labelled is left out of its group and of the mean (poseval has
NaN, or 0 if nobody predicts it). For MOTA poseval drops the last frame of each sequence and counts
an image without results, or without ground truth, as one miss and one false positive of each
keypoint; here every image of the ground truth counts as it is.
"""

from typing import NamedTuple

import numpy as np

from npkpose.metrics.distances.clear_mot import MotCounts, clear_mot
from npkpose.metrics.distances.pairing import check_images, image_keys
from npkpose.metrics.distances.read import read_both
from npkpose.metrics.distances.sizes import sizes_of

THRESHOLD = 0.5
GROUPS = {
    "head": ("head_top", "neck", "nose"), "shoulder": ("right_shoulder", "left_shoulder"),
    "elbow": ("right_elbow", "left_elbow"), "wrist": ("right_wrist", "left_wrist"),
    "hip": ("right_hip", "left_hip"), "knee": ("right_knee", "left_knee"),
    "ankle": ("right_ankle", "left_ankle"),
}  # fmt: skip
_OTHER_NAMES = {"neck": "head_bottom"}


class PoseTrackScores(NamedTuple):
    """Percentages by group of keypoints and in all; tracking is None without track ids."""

    ap: dict  # {group: AP}, and "total"
    per_keypoint: dict  # {keypoint: AP}
    mota: dict | None  # {group: MOTA}, and "total"
    motp: float | None
    precision: float | None  # of all matches of tracking
    recall: float | None

    @property
    def numbers(self):
        """All numbers by name."""
        found = {f"AP {group}": value for group, value in self.ap.items()}
        if self.mota is not None:
            found |= {f"MOTA {group}": value for group, value in self.mota.items()}
            found |= {"MOTP": self.motp, "Prec": self.precision, "Rec": self.recall}
        return found

    def __str__(self):
        width = max(map(len, self.numbers))
        return "\n".join(f" {name:<{width}} = {value:.1f}" for name, value in self.numbers.items())


def evaluate_posetrack(ground_truth, results, *, skeleton=None, category=None):
    """Return the `PoseTrackScores` of detected, or tracked, poses.

    Parameters
    ----------
    ground_truth, results : path or Labels
        PoseTrack18's annotations with head boxes, and COCO results of the same images; a keypoint's
        third number is its score. MOTA needs a track_id in both; images are in the order of the
        annotations, sequences differ in vid_id.
    skeleton, category
        As for `evaluate_distances`.

    Raises
    ------
    ValueError
        A file that cannot be read, no head boxes, or a skeleton without PoseTrack's keypoints.
    FileNotFoundError
    """
    truth, found = read_both(ground_truth, results, skeleton, category)
    columns, names = _columns(truth.skeleton)
    heads = sizes_of(truth, "head")
    truth_keys, found_keys = image_keys(truth, found)
    check_images(found, truth_keys, found_keys)
    frames = []
    for i, key in enumerate(truth_keys):
        rows = np.flatnonzero(truth.image_index == i)
        where = [j for j, other in enumerate(found_keys) if other == key]
        found_rows = np.flatnonzero(np.isin(found.image_index, where))
        frame = _frame(truth, found, rows, found_rows, columns, heads)
        if len(rows):
            frames.append((i, _without_ignored(frame, truth.image_fields, i)))
    ap = _average_precision([frame for _, frame in frames])
    tracked = _track(truth, found, frames)
    return _scores(names, ap, tracked)


class _Frame(NamedTuple):
    """The people and the poses of one image, in PoseTrack's 15 keypoints."""

    truth: np.ndarray  # (G, 15, 2); NaN if not labelled
    poses: np.ndarray  # (D, 15, 2); NaN if missing
    scores: np.ndarray  # (D, 15)
    heads: np.ndarray  # (G,)
    rows: np.ndarray  # (G,): of the labels
    found_rows: np.ndarray  # (D,)


def _columns(skeleton):
    """Return the columns of the 15 keypoints, and their names."""
    where = {name: k for k, name in enumerate(skeleton.keypoints)}
    names = [name for group in GROUPS.values() for name in group]
    columns = [where.get(name, where.get(_OTHER_NAMES.get(name))) for name in names]
    if None in columns:
        missing = names[columns.index(None)]
        raise ValueError(
            f"skeleton: expected PoseTrack's keypoints, got {skeleton.name} without {missing}"
        )
    return columns, names


def _frame(truth, found, rows, found_rows, columns, heads):
    return _Frame(
        truth.keypoints[rows][:, columns], found.keypoints[found_rows][:, columns],
        found.scores[found_rows][:, columns], heads[rows], rows, found_rows,
    )  # fmt: skip


def _without_ignored(frame, image_fields, i):
    """Return the frame without keypoints inside regions to ignore, and people without any."""
    polygons = _polygons(image_fields, i)
    truth, poses = frame.truth.copy(), frame.poses.copy()
    for points in (truth, poses):
        for polygon in polygons:
            points[inside(points, polygon)] = np.nan
    g, d = (np.isfinite(points[..., 0]).any(axis=1) for points in (truth, poses))
    return _Frame(
        truth[g], poses[d], frame.scores[d], frame.heads[g], frame.rows[g], frame.found_rows[d]
    )


def _polygons(image_fields, i):
    """Return the polygons (N, 2) to ignore in image ``i``."""
    regions = image_fields.get("ignore_regions")
    regions = () if regions is None or regions[i] is None else regions[i]
    return [np.asarray(region, dtype=np.float64) for region in regions if len(region) > 2]


def inside(points, polygon):
    """Return which points (..., 2) are inside a polygon (N, 2), by the number of crossings."""
    x, y = points[..., None, 0], points[..., None, 1]
    (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):
        crosses = (y0 > y) != (y1 > y)
        crosses &= x < (x1 - x0) * (y - y0) / (y1 - y0) + x0
    return crosses.sum(axis=-1) % 2 == 1


def _distances(frame):
    """Return distances over the head's size (D, G, 15); infinite where a keypoint is missing."""
    offsets = frame.poses[:, None] - frame.truth[None]
    distances = np.hypot(offsets[..., 0], offsets[..., 1]) / frame.heads[None, :, None]
    return np.where(np.isnan(distances), np.inf, distances)


def assign(correct, labelled):
    """Return the person of each pose (D,), or -1, from which keypoints are correct (D, G, K)."""
    pckh = correct.sum(axis=2) / np.maximum(labelled.sum(axis=1), 1)  # (D, G)
    people = np.full(len(pckh), -1)
    if not pckh.size:
        return people
    best = pckh.argmax(axis=1)
    kept = np.where(best[:, None] == np.arange(pckh.shape[1]), pckh, 0.0)
    pose = kept.argmax(axis=0)
    found = kept.max(axis=0) > 0
    people[pose[found]] = np.flatnonzero(found)
    return people


def _average_precision(frames):
    """Return the AP (15,) of each keypoint, NaN where it is never labelled."""
    scores, hits, keypoints, counts = [np.empty(0)], [np.empty(0, bool)], [np.empty(0, int)], 0
    for frame in frames:
        labelled, present = (np.isfinite(p[..., 0]) for p in (frame.truth, frame.poses))
        correct = _distances(frame) <= THRESHOLD
        people = assign(correct, labelled)
        hit = np.zeros(present.shape, dtype=bool)
        matched = people >= 0
        hit[matched] = correct[np.flatnonzero(matched), people[matched]]
        counts = counts + labelled.sum(axis=0)
        scores.append(frame.scores[present])
        hits.append(hit[present])
        keypoints.append(np.nonzero(present)[1])
    scores, hits, keypoints = map(np.concatenate, (scores, hits, keypoints))
    return np.array([
        _voc_ap(scores[keypoints == k], hits[keypoints == k], count)
        for k, count in enumerate(np.broadcast_to(counts, 15))
    ])  # fmt: skip


def _voc_ap(scores, hits, num_labelled):
    """Return the area under precision over recall, made falling from the right."""
    if num_labelled == 0:
        return np.nan
    order = np.argsort(scores, kind="stable")[::-1]
    true = np.cumsum(hits[order])
    recall = np.concatenate([[0.0], true / num_labelled, [1.0]])
    precision = np.concatenate([[0.0], true / np.arange(1, len(true) + 1), [0.0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * precision[1:]).sum())


def _track(truth, found, frames):
    """Return the `MotCounts` of each keypoint, or None if one of the two has no track ids."""
    ids = [labels.fields.get("track_ids") for labels in (truth, found)]
    if any(each is None for each in ids):
        return None
    videos = truth.image_fields.get("vid_id")
    counts = [MotCounts() for _ in range(15)]
    sequences = {}
    for i, frame in frames:
        sequences.setdefault(None if videos is None else str(videos[i]), []).append(frame)
    for sequence in sequences.values():
        for k in range(15):
            counts[k] = counts[k] + clear_mot(_mot_frame(frame, ids, k) for frame in sequence)
    return counts


def _mot_frame(frame, ids, k):
    """Return the ids of people and of poses that have keypoint ``k``, and their distances."""
    g, d = (np.flatnonzero(np.isfinite(p[:, k, 0])) for p in (frame.truth, frame.poses))
    distances = _distances(frame)[np.ix_(d, g)][..., k].T  # (G, D)
    distances = np.where(distances <= THRESHOLD, distances, np.nan)
    return ids[0][frame.rows[g]].tolist(), ids[1][frame.found_rows[d]].tolist(), distances


def _scores(names, ap, tracked):
    per_keypoint = dict(zip(names, (100 * ap).tolist()))
    if tracked is None:
        return PoseTrackScores(_grouped(names, 100 * ap), per_keypoint, None, None, None, None)
    mota, motp, precision, recall = (
        100 * np.array([getattr(counts, name) for counts in tracked])
        for name in ("mota", "motp", "precision", "recall")
    )
    return PoseTrackScores(
        _grouped(names, 100 * ap), per_keypoint, _grouped(names, mota), _mean(motp),
        _mean(precision), _mean(recall),
    )  # fmt: skip


def _grouped(names, values):
    """Return the mean of each group, and of all keypoints, those that are NaN left out."""
    where = {name: k for k, name in enumerate(names)}
    groups = {
        group: _mean(values[[where[name] for name in keypoints]])
        for group, keypoints in GROUPS.items()
    }
    return groups | {"total": _mean(values)}


def _mean(values):
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
