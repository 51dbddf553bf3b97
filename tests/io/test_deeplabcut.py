import numpy as np
import pytest

from npkpose.io import read

ONE = """scorer,me,me,me,me,me,me
bodyparts,nose,nose,nose,tail,tail,tail
coords,x,y,likelihood,x,y,likelihood
0,1.5,2.5,0.5,,,
1,,,,,,
"""
# As pandas writes labels of two animals, with the name of the image in three columns.
TWO = """scorer,,,me,me,me,me
individuals,,,a,a,b,b
bodyparts,,,nose,nose,nose,nose
coords,,,x,y,x,y
labeled-data,video,img1.png,1.0,2.0,3.0,4.0
labeled-data,video,img2.png,,,5.0,6.0
"""


def test_predictions_of_a_video_are_read_frame_by_frame(tmp_path):
    (tmp_path / "x.csv").write_text(ONE, encoding="utf-8")
    labels = read(tmp_path / "x.csv")
    assert labels.skeleton.keypoints == ("nose", "tail") and len(labels) == 1
    assert [image.id for image in labels.images] == [0, 1] and labels.scores.tolist() == [[0.5, 0]]
    np.testing.assert_array_equal(labels.keypoints[0], [[1.5, 2.5], [np.nan, np.nan]])


def test_labels_of_several_animals_are_instances_with_their_names(tmp_path):
    (tmp_path / "x.csv").write_text(TWO, encoding="utf-8")
    labels = read(tmp_path / "x.csv")
    assert labels.images[1] == (1, "labeled-data/video/img2.png", None, None)
    assert labels.fields["individuals"].tolist() == ["a", "b", "b"]
    assert labels.image_index.tolist() == [0, 0, 1]
    assert labels.keypoints[:, 0].tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(("text", "message"), [
    (ONE.replace("1.5", "a"), "x.csv: line 4: expected numbers"),
    (ONE.replace("1.5,", ""), "x.csv: line 4: expected 6 numbers, got 5"),
    (ONE.replace("1.5", "inf"), "x.csv: line 4: expected finite numbers"),
    (ONE.replace("likelihood", "z"), "x.csv: coords: expected x, y, likelihood, got z"),
    ("scorer,me\n0,1\n", "x.csv: line 2: expected -1 numbers|expected rows bodyparts"),
])  # fmt: skip
def test_an_error_names_file_and_line(tmp_path, text, message):
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "x.csv")
