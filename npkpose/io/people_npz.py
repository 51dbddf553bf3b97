"""The .npz that ``npkpose predict`` writes: N people of K keypoints in F images, as arrays.

    keypoints (N, K, 2)   x, y in pixels, NaN where missing      keypoint_names (K,)
    scores (N, K)         of keypoints                           skeleton (), its name
    person_scores (N,)    of people                              image_ids (F,)
    ids (N,)              see tracked                            image_names (F,), of photographs
    image_index (N,)      which of the F images a person is in   times (F,), seconds or NaN
    tracked ()            whether an id is the same person       image_sizes (F, 2), width, height
                          in all images

`npkpose.results.npz` writes it. Identities become ``fields["track_ids"]``, the times of a video
``image_fields["time"]``. Other arrays are passed over.
"""

import numpy as np

from npkpose._check import check_array, plain, shown
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.skeletons import find
from npkpose.weights.archive import read_directory
from npkpose.weights.npz import load_npz

SUFFIXES = (".npz",)
NEEDED = {"keypoints", "scores", "person_scores", "image_index", "keypoint_names", "image_ids"}
READ = {*NEEDED, "skeleton", "ids", "tracked", "image_names", "times", "image_sizes"}


def recognise(source):
    """Return whether a file is an archive with these arrays."""
    if source.head[:4] != b"PK\3\4":
        return False
    try:
        return {f"{name}.npy" for name in NEEDED} <= set(read_directory(source.path))
    except ValueError:
        return False


def read(source):
    """Return the people of all images."""
    arrays = load_npz(source.path, lambda names: sorted(READ & set(names)), kinds="buifU")
    missing = sorted(NEEDED - set(arrays))
    if missing:
        raise ValueError(f"{source.name}: expected the array {missing[0]}, got none")
    skeleton = source.skeleton or _skeleton(source, arrays)
    images, N = _images(source, arrays), len(arrays["keypoints"])
    fields, times = {}, arrays.get("times")
    if "ids" in arrays and arrays.get("tracked", np.array(False)).all():
        fields["track_ids"] = check_array("ids", arrays["ids"], (N,), np.int64)
    if times is not None and times.dtype.kind == "f" and np.isfinite(times).all():
        times = {"time": check_array("times", times, (len(images),))}
    else:
        times = {}
    return Labels(
        skeleton, images, arrays["image_index"], arrays["keypoints"], scores=arrays["scores"],
        instance_scores=arrays["person_scores"], fields=fields, image_fields=times,
    )  # fmt: skip


def _skeleton(source, arrays):
    """Return the published skeleton of the file's name and keypoints, or one of these keypoints."""
    names = arrays["keypoint_names"]
    if names.ndim != 1 or names.dtype.kind != "U":
        raise ValueError(f"{source.name}: keypoint_names: expected names, got {shown(names)}")
    names, title = names.tolist(), plain(str(arrays.get("skeleton", "")))
    try:
        skeleton = find(title)
    except ValueError:
        return choose_skeleton(len(names), names, title)
    return skeleton if list(skeleton.keypoints) == names else choose_skeleton(len(names), names)


def _images(source, arrays):
    """Return the entries of all images; frames of a video have no names."""
    ids = arrays["image_ids"]
    if ids.ndim != 1 or ids.dtype.kind not in "iU":
        raise ValueError(f"{source.name}: image_ids: expected ids, got {shown(ids)}")
    names = arrays.get("image_names", np.full(len(ids), ""))
    if names.shape != ids.shape or names.dtype.kind != "U":
        raise ValueError(f"{source.name}: image_names: expected {len(ids)}, got {shown(names)}")
    sizes = arrays.get("image_sizes", np.zeros((len(ids), 2)))
    sizes = check_array("image_sizes", sizes, (len(ids), 2), np.int64).tolist()
    sizes = [[side if 0 < side < 2**31 else None for side in each] for each in sizes]
    rows = zip(ids.tolist(), names.tolist(), sizes)
    return [ImageEntry(i, name, *size) for i, name, size in rows]
