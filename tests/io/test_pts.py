import numpy as np
import pytest

from npkpose import skeletons
from npkpose.io import read

FIVE = "\n".join(["10.5 20.25", "30 20", "20 30", "nan nan", "25 40"])


def test_coordinates_from_1_become_coordinates_from_0(tmp_path):
    (tmp_path / "a.pts").write_text(f"version: 1\nn_points:  5\n{{\n{FIVE}\n}}\n", encoding="utf-8")
    (tmp_path / "a.jpg").write_bytes(b"")
    labels = read(tmp_path)
    assert labels.skeleton is skeletons.find("FACE_5") and labels.category == "face"
    assert labels.keypoints[0, 0].tolist() == [9.5, 19.25]
    assert np.isnan(labels.keypoints[0, 3]).all() and labels.images[0].file_name == "a.jpg"
    assert read(tmp_path / "a.pts") == labels


@pytest.mark.parametrize(("text", "message"), [
    ("points", "b.pts: expected version, n_points and { points }, got points"),
    ("version: 1\nn_points: 3\n{\n1 2\n}", "b.pts: n_points: expected 1 points, got 3"),
    ("version: 1\nn_points: 1\n{\n1 x\n}", "b.pts: expected numbers, got"),
    ("version: 1\nn_points: 1\n{\n1 inf\n}", r"b.pts: point\[0\]: expected finite numbers"),
    ("version: 1\nn_points: 1\n{\n1 2\n}", "b.pts: n_points: expected 5, as a.pts has, got 1"),
])  # fmt: skip
def test_an_error_names_the_file(tmp_path, text, message):
    (tmp_path / "a.pts").write_text(f"version: 1\nn_points:  5\n{{\n{FIVE}\n}}\n", encoding="utf-8")
    (tmp_path / "b.pts").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read(tmp_path)
