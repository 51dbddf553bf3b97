import json

import numpy as np
import pytest

from npkpose.io import read

ENTRY = {
    "joints_vis": [1] * 15 + [0], "joints": [[11, 21]] * 15 + [[-1, -1]], "image": "a.jpg",
    "scale": 2.5, "center": [31, 41],
}  # fmt: skip


def file_of(path, *entries):
    path = path / "mpii.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_coordinates_from_1_become_coordinates_from_0(tmp_path):
    labels = read(file_of(tmp_path, ENTRY, {**ENTRY, "image": "b.jpg"}, ENTRY))
    assert labels.skeleton.name == "MPII_16" and labels.image_index.tolist() == [0, 1, 0]
    assert labels.keypoints[0, 0].tolist() == [10, 20] and np.isnan(labels.keypoints[0, 15]).all()
    assert labels.fields["centers"][0].tolist() == [30, 40]
    assert labels.fields["scales"].tolist() == [2.5] * 3


@pytest.mark.parametrize(("changes", "message"), [
    ({"image": None}, r"mpii.json\[1\].image: expected the name of a file"),
    ({"joints": [[1, 2]] * 3}, r"mpii.json\[1\].joints: expected a list of 32 numbers"),
    ({"joints_vis": [1] * 3}, r"mpii.json\[1\].joints_vis: expected a list of 16 numbers"),
    ({"scale": "big"}, r"mpii.json\[1\].scale: expected a number"),
])  # fmt: skip
def test_an_error_names_the_entry(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        read(file_of(tmp_path, ENTRY, {**ENTRY, **changes}))
