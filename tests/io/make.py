"""Small valid labels and files of every format, for the tests and for tests.fuzz."""

import io
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np

from npkpose import COCO_17, Poses, skeletons
from npkpose.io import ImageEntry, Labels, write
from npkpose.results.image import Image

# The keypoints of the labels that are written in each format; COCO's in the others.
SKELETONS = {
    "wholebody": "COCO_WHOLEBODY_133", "posetrack": "POSETRACK_17", "mediapipe": "HAND_21",
    "openpose": "BODY_25", "mpii": "MPII_16", "aic": "AIC_14", "pts": "FACE_5",
}  # fmt: skip
FIELDS = {
    "posetrack": {"track_ids": np.array([3, 4, 3])}, "sleap": {"track_ids": np.array([0, 1, 0])},
    "deeplabcut": {"individuals": np.array(["a", "b", "a"], object)},
    "openpose": {"track_ids": np.array([7, 8, 7])},
}  # fmt: skip


def labels_for(format):
    """Return three instances in two images."""
    skeleton = skeletons.find(SKELETONS.get(format, "COCO_17"))
    K = skeleton.num_keypoints
    points = np.random.default_rng(0).integers(1, 16 * 48, (3, K, 2)) / 16
    points[1, 1] = np.nan
    images = [ImageEntry(i, f"{i}.png", 64, 48) for i in range(2)]
    regions = np.array([None, None], dtype=object)
    regions[0] = [[[1.0, 2.0], [3.0, 4.0], [5.0, 2.0]]]
    return Labels(
        skeleton, images, [0, 0, 1], points, boxes=[[1, 2, 16, 32]] * 3, areas=[256, 128, 64],
        instance_scores=[0.5, 0.25, 0.75] if format == "coco-results" else None,
        fields=FIELDS.get(format),
        image_fields={"vid_id": ["a", "a"], "frame_id": [0, 1], "ignore_regions": regions}
        if format == "posetrack" else None,
    )  # fmt: skip


def people_of_video():
    """Return frames (Image, Poses) with two, one, no and one person, and a function.

    It returns their Labels; its argument says whether ids are identities.
    """
    rng, frames = np.random.default_rng(0), []
    for i, count in enumerate((2, 1, 0, 1)):
        points = rng.integers(16, 16 * 48, (count, 17, 2)) / 16
        points[:, 3] = np.nan
        poses = Poses(points, rng.integers(1, 16, (count, 17)) / 16, ids=[7, 9][:count])
        frames.append((Image(10 + i, f"dance_{10 + i:012d}", 64, 48, i / 8), poses))

    def labels(tracked):
        found = [poses for _, poses in frames]
        columns = {name: np.concatenate([getattr(poses, name) for poses in found])
                   for name in ("keypoints", "scores", "person_scores", "ids")}  # fmt: skip
        return Labels(
            COCO_17, [ImageEntry(*image[:4]) for image, _ in frames], [0, 0, 1, 3],
            columns["keypoints"], scores=columns["scores"],
            instance_scores=columns["person_scores"],
            fields={"track_ids": columns["ids"]} if tracked else {},
            image_fields={"time": [0, 0.125, 0.25, 0.375]},
        )  # fmt: skip

    return frames, labels


def _write(labels, path, format):
    """Write labels, without a word about what the format does not hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(labels, path, format)


def file_for(format, suffix=""):
    """Return the bytes of the file that `write` makes; of a folder, of the first with a suffix."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"out{suffix}")
        labels = labels_for(format)
        _write(labels.at([0, 2]) if format == "pts" else labels, path, format)
        found = sorted(path.glob(f"**/*{suffix}")) if path.is_dir() else [path]
        return found[0].read_bytes()


def mediapipe_npz():
    """Return landmarks of two frames with a hand each."""
    stream, marks = io.BytesIO(), np.full((2, 1, 21, 3), 0.25)
    np.savez(stream, landmarks=marks, width=64, height=48)
    return stream.getvalue()


def yolo_folder(folder):
    """Write Ultralytics' labels of two images, and the images, into an existing folder."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as other:
        _write(labels_for("ultralytics"), Path(other, "out"), "ultralytics")
        shutil.copytree(Path(other, "out"), folder, dirs_exist_ok=True)
    Path(folder, "images").mkdir()
    for i in range(2):
        Image.new("RGB", (64, 48)).save(Path(folder, f"images/{i}.png"))


def pandas_h5():
    """Return a DeepLabCut table as pandas writes it in the form "fixed"."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        group = file.create_group("df_with_missing")
        levels = [b"me"], [b"a", b"b"], [b"nose", b"tail"], [b"x", b"y"]
        codes = np.indices([len(level) for level in levels]).reshape(4, -1)
        for n, (level, code) in enumerate(zip(levels, codes)):
            group[f"block0_items_level{n}"] = np.array(level)
            group[f"block0_items_label{n}"] = code.astype(np.int8)
        group.attrs["block0_items_nlevels"] = 4
        group["axis1"] = np.array([b"labeled-data/v/1.png", b"labeled-data/v/2.png"])
        group["block0_values"] = np.arange(16.0).reshape(2, 8)
    return stream.getvalue()


def sleap_h5():
    """Return SLEAP's analysis file as it is written."""
    return file_for("sleap", ".h5")


def mpii_mat():
    """Return a file of the structure of mpii_human_pose_v1_u12_1.mat."""
    import scipy.io

    points = [(10.0 + k, 20.0, k, k % 2) for k in range(16)]
    points = np.array(points, dtype=[(name, object) for name in ("x", "y", "id", "is_visible")])
    rect = {
        "x1": 5.0, "y1": 6.0, "x2": 15.0, "y2": 26.0, "scale": 1.5,
        "objpos": {"x": 30.0, "y": 40.0}, "annopoints": {"point": points},
    }  # fmt: skip
    images = [({"name": "1.jpg"}, rect), ({"name": "2.jpg"}, rect)]
    images = np.array(images, dtype=[("image", object), ("annorect", object)])
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"RELEASE": {"annolist": images}})
    return stream.getvalue()
