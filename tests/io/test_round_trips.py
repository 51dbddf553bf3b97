"""What a format holds is read again as it was written."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import skeletons
from npkpose.io import ImageEntry, Labels, convert, formats, read, write
from npkpose.skeleton import Skeleton
from tests.io import make

WRITTEN = [name for name, (_, can_write) in formats().items() if can_write]
# What each format holds beside keypoints, in the words of `columns_for`.
HELD = {
    "coco": "visibility fractions boxes areas ignored categories sizes ids empty totals fields "
    "image_fields several",
    "wholebody": "visibility fractions boxes areas ignored categories sizes ids empty totals valid "
    "several",
    "posetrack": "visibility fractions boxes areas ignored categories sizes ids empty totals "
    "tracks regions several",
    "coco-results": "scores totals boxes areas categories ids fields several unnamed",
    "mediapipe": "scores sizes empty several",
    "openpose": "scores empty several stems tracks parts",
    "mpii": "centers several",
    "aic": "visibility boxes empty several names stems",
    "ultralytics": "visibility boxes sizes empty totals several",
    "pts": "",
    "deeplabcut": "scores empty animals",
    "csv": "visibility scores totals sizes ids empty tracks several",
    "sleap": "scores totals empty animals unnamed",
}  # fmt: skip
PUZZLE = Skeleton("worm", ("head", "middle_part", "tip"), ((0, 1), (1, 2)), (), math.nan)


def lattice(draw, shape, low=0, high=16 * 64):
    """Return numbers that are multiples of 1/16, so that shifts and scales are exact."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.integers(low, high, shape) / 16


@st.composite
def labels_of(draw, format):
    held = HELD[format].split()
    N, count = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    if "several" not in held:  # one instance in each image, or one of each animal
        count = N
    if "empty" not in held:
        count = min(count, N)
    plan = skeletons.find(make.SKELETONS.get(format, "COCO_17"))
    plan = PUZZLE if {"fields", "image_fields"} <= set(held) and draw(st.booleans()) else plan
    return Labels(plan, images_of(draw, held, count), **columns_of(draw, held, N, count, plan))


def images_of(draw, held, count):
    kind = str if "ids" in held and draw(st.booleans()) else int
    first = draw(st.integers(0, 9)) if "ids" in held else 0
    sizes = (64, 32) if "sizes" in held else ()
    names = [f"{i}" if "stems" in held else f"{i}.png" for i in range(count)]
    names = [""] * count if "unnamed" in held else names
    ids = [f"id{i}" if kind is str else first + i for i in range(count)]
    return [ImageEntry(i, name, *sizes) for i, name in zip(ids, names)]


def columns_of(draw, held, N, count, plan):
    """Return the columns of N instances in ``count`` images."""
    K, rng = plan.num_keypoints, np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    index = rng.integers(0, count, N)
    if "empty" not in held or count == N:  # an instance in every image
        index[: min(count, N)] = np.arange(min(count, N))
    index.sort()
    present = rng.random((N, K)) < 0.8
    present[:, 0] = True
    points = np.where(present[..., None], 0.0625 + lattice(draw, (N, K, 2)), np.nan)
    columns = {"image_index": index, "keypoints": points}
    flags = rng.integers(1, 3, (N, K)) if "visibility" in held else 2
    columns["visibility"] = np.where(present, flags, 0)
    if "scores" in held:
        columns["scores"] = rng.integers(1, 17, (N, K)) / 16
    if "totals" in held:
        columns["instance_scores"] = rng.integers(1, 17, N) / 16
    for name, shape in (("boxes", (N, 4)), ("areas", (N,))):
        if name in held:
            columns[name] = lattice(draw, shape)
    if "ignored" in held:
        columns["ignored"] = rng.random(N) < 0.3
    if "categories" in held:
        columns["categories"] = {7: "7" if "unnamed" in held else "worm"}
    return {**columns, **fields_of(held, N, count, rng, plan)}


def fields_of(held, N, count, rng, plan):
    fields, image_fields = {}, {}
    if "fields" in held:
        words = np.array([["a", None, {"b": 1}][i] for i in rng.integers(0, 3, N)], dtype=object)
        words[0] = "first"
        fields |= {"word": words, "number": rng.integers(0, 9, N), "pair": rng.random((N, 2))}
    if "image_fields" in held:
        image_fields["crowdIndex"] = rng.random(count)
    if "tracks" in held:
        fields["track_ids"] = rng.integers(1, 99, N)
    if "valid" in held:
        fields |= {f"{part}_valid": rng.random(N) < 0.5
                   for part in ("foot", "face", "lefthand", "righthand")}  # fmt: skip
    if "centers" in held:
        fields |= {"centers": rng.integers(1, 99, (N, 2)) / 4, "scales": rng.random(N) + 0.5}
    if "names" in held:
        fields["names"] = np.array([f"human{9 - n}" for n in range(N)], dtype=object)
    if "parts" in held:
        fields["hand_left"] = rng.integers(1, 99, (N, 21, 3)) / 128
    if "animals" in held:
        fields |= {"track_ids": np.zeros(N, int)} if "unnamed" in held else {
            "individuals": np.array(["a"] * N, dtype=object)}  # fmt: skip
    if "regions" in held:
        regions = np.array([None] * count, dtype=object)
        regions[0] = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
        image_fields |= {"vid_id": np.array(["x"] * count, object), "frame_id": np.arange(count),
                         "ignore_regions": regions}  # fmt: skip
    return {"fields": fields, "image_fields": image_fields}


def there_and_back(labels, format, folder):
    """Write labels, and read what was written."""
    suffix = (convert.FORMATS[format].SUFFIXES or ("",))[0]
    path = Path(folder, f"out{suffix}")
    write(labels, path, format)
    if format == "ultralytics":
        image = pytest.importorskip("PIL.Image")
        for entry in labels.images:
            image.new("RGB", (entry.width, entry.height)).save(path / "labels" / entry.file_name)
    return read(path)


def usual(labels, format):
    """Return what reading gives in the place of names and ids that the format does not hold."""
    changes = {"ultralytics": {0: "person"}, "pts": {1: "face"}, "mediapipe": {1: "hand"},
               "coco-results": {7: ""}}  # fmt: skip
    labels.categories = changes.get(format, labels.categories)
    images = labels.images
    if format == "aic":
        images = [ImageEntry(i.file_name, f"{i.file_name}.jpg") for i in images]
    elif format == "ultralytics":
        images = [i._replace(file_name=f"labels/{i.file_name}") for i in images]
    return labels.with_images(images)


@pytest.mark.filterwarnings("ignore:.*does not hold")
@pytest.mark.parametrize("format", WRITTEN)
def test_labels_that_a_format_holds_are_read_as_they_were_written(format):
    if format == "sleap":
        pytest.importorskip("h5py")

    @given(labels_of(format))
    def check(labels):
        with tempfile.TemporaryDirectory() as folder:
            assert there_and_back(labels, format, folder) == usual(labels, format)

    check()


def test_every_format_that_is_written_is_in_the_table_of_this_test():
    assert set(WRITTEN) == set(HELD)


@pytest.mark.parametrize(("format", "words"), [
    ("openpose", "the visibility of hidden keypoints, boxes, areas, sizes of images"),
    ("mpii", "scores of keypoints, boxes, areas, sizes of images"),
    ("csv", "boxes, areas"),
])  # fmt: skip
def test_what_a_format_does_not_hold_is_named_in_one_warning(tmp_path, format, words):
    labels = make.labels_for(format)
    if "visibility" in words:
        labels.visibility[0, 0] = 1
    if "scores" in words:
        labels.scores[0, 0] = 0.5
    with pytest.warns(UserWarning, match=f"{format} does not hold {words}: left out") as caught:
        write(labels, tmp_path / "out", format)
    assert len(caught) == 1
