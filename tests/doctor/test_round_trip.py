import json
import warnings

import numpy as np
import pytest

from npkpose import io
from npkpose.doctor import diagnose
from npkpose.doctor.round_trip import first_difference
from npkpose.skeletons import find

PLANS = {
    "openpose": "BODY_25", "mpii": "MPII_16", "aic": "AIC_14", "pts": "FACE_68", "csv": "COCO_17",
    "deeplabcut": "COCO_17", "mediapipe": "MEDIAPIPE_33",
}  # fmt: skip


def write(tmp_path, format):
    """Write three instances in a format, the second with three keypoints at (0, 0)."""
    plan, rng = find(PLANS[format]), np.random.default_rng(0)
    keypoints = np.round(rng.uniform(200, 300, (3, plan.num_keypoints, 2)), 2)
    keypoints[1, :3] = 0
    images = [io.ImageEntry(i, f"im{i}.png", 640, 480) for i in range(3)]
    suffix = {"csv": ".csv", "deeplabcut": ".csv", "openpose": "", "pts": ""}.get(format, ".json")
    path = tmp_path / f"labels{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the format does not hold
        io.write(io.Labels(plan, images, [0, 1, 2], keypoints), path, format)
    return path, f"out{suffix}"


@pytest.mark.parametrize("format", PLANS)
def test_every_format_is_examined_and_mended(tmp_path, format):
    path, name = write(tmp_path, format)
    found = diagnose(path)
    assert found.format == format
    (finding,) = found.findings
    assert finding.what.startswith("several labelled keypoints at (0, 0)")
    assert len(finding.entries) == 1 and finding.entries[0].startswith("instances[1] in im1")
    mended = found.mend()
    assert [what for _, what, _ in mended.done] == ["keypoints at (0, 0) made missing"]
    mended.write("labels", tmp_path / name)
    again = diagnose(tmp_path / name)
    assert again.findings == mended.left == []
    labels, before = io.read(tmp_path / name), io.read(path)
    assert not labels.present[1, :3].any() and labels.present.sum() == before.present.sum() - 3
    np.testing.assert_array_equal(labels.keypoints[[0, 2]], before.keypoints[[0, 2]])


def test_a_file_that_says_more_than_is_written_again_is_not_mended(tmp_path):
    path, _ = write(tmp_path, "mpii")
    data = json.loads(path.read_text(encoding="utf-8"))
    data[0]["note"] = {"mine": 1}
    path.write_text(json.dumps(data), encoding="utf-8")
    mended = diagnose(path)
    try:
        labels = mended.mend().contents["labels"]
    except ValueError as error:
        assert "--fix: expected a file that npkpose writes again without a loss" in str(error)
    else:  # the format's reader keeps the field
        io.write(labels, tmp_path / "again.json", "mpii")
        again = json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))
        assert again[0]["note"] == {"mine": 1}


@pytest.mark.parametrize("one, other, difference", [
    ({"a": [1, 2.0]}, {"a": [1.0, 2]}, None),
    ({"a": 0.1}, {"a": 0.10000000000000001}, None),
    ({"a": [1, 2]}, {"a": [1, 3]}, "a[1]: 2 would be 3"),
    ({"a": [1, 2]}, {"a": [1]}, "a: 2 values would be 1"),
    ({"a": {"b": 1}}, {"a": {}}, "a: 'b' would be lost or new"),
    ([{"a": "x"}], [{"a": None}], "[0].a: 'x' would be None"),
])  # fmt: skip
def test_the_first_difference_of_json_is_named(tmp_path, one, other, difference):
    for name, data in (("one", one), ("other", other)):
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
    assert first_difference(tmp_path / "one", tmp_path / "other") == difference


def test_text_and_folders_are_compared_by_words_and_files(tmp_path):
    for top, text in (("a", "x, 1.50\ny 2\n"), ("b", "x,1.5\r\ny 2"), ("c", "x,1.5\ny 3")):
        (tmp_path / top).mkdir()
        (tmp_path / top / "k.txt").write_text(text, encoding="utf-8")
    (tmp_path / "a" / "photo.jpg").write_bytes(b"passed over")
    assert first_difference(tmp_path / "a", tmp_path / "b") is None
    assert first_difference(tmp_path / "a", tmp_path / "c") == "k.txt: [3]: '2' would be '3'"
    (tmp_path / "a" / "l.txt").write_text("", encoding="utf-8")
    assert first_difference(tmp_path / "a", tmp_path / "b") == "the file l.txt would be lost or new"
