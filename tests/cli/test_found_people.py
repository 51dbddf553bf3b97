"""The files that predict writes are what convert, track, lift and eval read."""

import json
import pathlib

import numpy as np
import pytest

from npkpose import COCO_17, HAND_21
from npkpose._output import Outputs
from npkpose.cli.found_people import read_people
from npkpose.cli.main import main
from npkpose.cli.predict_files import FORMATS, Plan, ResultFiles, result_paths
from npkpose.cli.sequences import read_sequence
from npkpose.io import ImageEntry, Labels, write
from tests.io import make


@pytest.fixture
def written(tmp_path):
    """{format: path} of the files that predict writes for a video of tracked people."""
    paths = result_paths(tmp_path, FORMATS, "dance")
    with ResultFiles(Outputs()) as files:
        files.open_all(paths, Plan(FORMATS, COCO_17, tracked=True), "dance.mp4")
        for frame in make.people_of_video()[0]:
            files.add(*frame)
    return paths


def test_convert_reads_every_format_that_predict_writes(written, tmp_path, capsys):
    for format, path in written.items():
        out = tmp_path / f"{format}.json"
        assert main(["convert", str(path), str(out)]) == 0, format
        content = json.loads(out.read_bytes())
        assert [each["track_id"] for each in content["annotations"]] == [7, 9, 7, 7], format
    assert "4 instances of COCO_17 (person) in 4 images" in capsys.readouterr().out


def test_lift_and_track_read_every_format_that_predict_writes(written, tmp_path):
    points = make.people_of_video()[0][0][1].keypoints[0]
    for format, path in written.items():
        sequence = read_sequence([str(path)], person=1)
        assert sequence.keypoints.shape == (4, 17, 2) and sequence.is_missing[2], format
        if format != "openpose":  # of which one keypoint is not COCO's
            np.testing.assert_array_equal(sequence.keypoints[0], points)
        out = tmp_path / "tracked.json"
        assert main(["track", str(path), "--out", str(out)]) == 0, format


def test_eval_scores_every_format_that_predict_writes(written, tmp_path, capsys):
    truth = tmp_path / "truth.json"
    frames, labels = make.people_of_video()
    labels = labels(False)
    labels.areas[:], labels.boxes[:] = 900, [1, 1, 30, 30]
    labels.instance_scores[:] = np.nan
    write(labels, truth)
    for format, path in written.items():
        if format != "openpose":  # whose images are numbered from 0
            assert main(["eval", str(truth), str(path)]) == 0
            assert "area=   all | maxDets= 20 ] = 1.000" in capsys.readouterr().out, format


def test_a_file_of_another_skeleton_is_lifted_only_with_keep_joints(tmp_path):
    labels = Labels(HAND_21, [ImageEntry(0)], [0], np.ones((1, 21, 2)))
    write(labels, tmp_path / "hand.csv", "csv")
    with pytest.raises(ValueError, match="hand.csv: expected a skeleton with COCO's keypoints"):
        read_sequence([str(tmp_path / "hand.csv")])
    assert read_sequence([str(tmp_path / "hand.csv")], None, True).keypoints.shape == (1, 21, 2)


def test_arrays_are_no_people_and_other_files_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", keypoints=np.zeros((2, 17, 2)))
    assert read_people(tmp_path / "a.npz") == (None, None)
    pathlib.Path(tmp_path, "a.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="a.txt: expected a file of keypoints"):
        read_people(tmp_path / "a.txt")
