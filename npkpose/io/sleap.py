"""SLEAP's analysis .h5: tracks of all frames of a video, read and written through h5py.

    tracks (T, 2, K, F), node_names (K,), track_names (T,), track_occupancy (F, T), point_scores
    (T, K, F), instance_scores (T, F), edge_inds (2, L)

Pereira et al., "SLEAP", Nature Methods 2022; sleap.ai, "sleap-convert --format analysis". T tracks,
K nodes, F frames; missing nodes are NaN. Coordinates are taken as they are: SLEAP's pixel centres
are at integers. A score of NaN, of a label that a person set, is 1. A frame is an image, its id the
number of the frame.
"""

import numpy as np

from npkpose._check import check_array
from npkpose._extras import require_h5py
from npkpose.io.hdf5 import MAGIC, opened, text_of
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import what_is_lost

SUFFIXES = (".h5",)
_OPTIONAL = "point_scores", "instance_scores", "track_names", "edge_inds"


def recognise(source):
    """Return whether a file is HDF5 with tracks and node_names."""
    if not source.head.startswith(MAGIC):
        return False
    with opened(source) as file:
        return "tracks" in file and "node_names" in file


def read(source):
    """Return the instances of all tracks, in the order of frames."""
    with opened(source) as file:
        arrays = {name: file[name][()] for name in ("tracks", "node_names")}
        arrays |= {name: file[name][()] for name in _OPTIONAL if name in file}
    shape = "T", 2, "K", "F"
    tracks = check_array(f"{source.name}: tracks", arrays["tracks"], shape, finite=False)
    T, _, K, F = tracks.shape
    names = [text_of(name) for name in np.atleast_1d(arrays["node_names"])]
    if len(names) != K:
        raise ValueError(f"{source.name}: node_names: expected {K} names, got {len(names)}")
    scores = _numbers(source, arrays, "point_scores", (T, K, F), 1.0)
    totals = _numbers(source, arrays, "instance_scores", (T, F), np.nan)
    points = tracks.transpose(3, 0, 2, 1)  # (F, T, K, 2)
    points = np.where(np.isnan(points).any(axis=3, keepdims=True), np.nan, points)
    found = ~np.isnan(points[..., 0]).all(axis=2)
    frames, which = np.nonzero(found)
    edges = np.asarray(arrays.get("edge_inds", np.empty((2, 0)))).T
    edges = (edges + 1).tolist() if edges.ndim == 2 and edges.dtype.kind in "iu" else ()
    skeleton = source.skeleton or choose_skeleton(K, names, limbs=edges)
    fields = {"track_ids": which}
    listed = [text_of(name) for name in np.atleast_1d(arrays.get("track_names", []))]
    if len(listed) == T and listed != [f"track_{t}" for t in range(T)]:
        fields["track_names"] = np.array(listed, dtype=object)[which]
    return Labels(
        skeleton, [ImageEntry(frame) for frame in range(F)], frames, points[found],
        scores=scores.transpose(2, 0, 1)[found], instance_scores=totals.T[found], fields=fields,
    )  # fmt: skip


def write(labels, path):
    """Write the arrays; an instance needs a track id of its own in its frame."""
    ids = labels.fields.get("track_ids", np.zeros(len(labels), int))
    T, K, F = int(ids.max(initial=-1)) + 1, labels.skeleton.num_keypoints, len(labels.images)
    if ids.min(initial=0) < 0 or T > 10_000:
        raise ValueError("labels.fields['track_ids']: expected numbers from 0 to 9,999")
    tracks, scores = np.full((T, 2, K, F), np.nan), np.full((T, K, F), np.nan)
    totals, occupied = np.full((T, F), np.nan), np.zeros((F, T), np.uint8)
    for n, (t, f) in enumerate(zip(ids, labels.image_index)):
        if occupied[f, t]:
            raise ValueError(f"labels: expected one instance of track {t} in each image, got more")
        tracks[t, :, :, f], scores[t, :, f] = labels.keypoints[n].T, labels.scores[n]
        totals[t, f], occupied[f, t] = labels.instance_scores[n], 1
    names = [f"track_{t}" for t in range(T)]
    for t, name in zip(ids, labels.fields.get("track_names", ())):
        names[t] = str(name)
    with require_h5py().File(path, "w") as file:
        file["tracks"], file["track_occupancy"] = tracks, occupied
        file["point_scores"], file["instance_scores"] = scores, totals
        file["track_names"] = np.array([name.encode() for name in names] or [b""], "S")[:T]
        file["node_names"] = np.array([name.encode() for name in labels.skeleton.keypoints], "S")
        file["edge_inds"] = np.array(labels.skeleton.limbs, dtype=np.int64).reshape(-1, 2).T


def not_written(labels):
    """Return what of the labels the format does not hold."""
    held = "scores", "instance_scores", "empty"
    lost = what_is_lost(labels, *held, fields=("track_ids", "track_names"))
    return lost + ["names of images"] * any(image.file_name for image in labels.images)


def _numbers(source, arrays, name, shape, default):
    """Return scores of that shape, ``default`` where they are NaN or missing."""
    if name not in arrays:
        return np.full(shape, default)
    values = check_array(f"{source.name}: {name}", arrays[name], shape, finite=False)
    return np.where(np.isnan(values), default, values)
