import json
import sys

import pytest

from npkpose.cli.main import main


def test_predict_writes_json_and_a_picture(shared_data, tmp_path, capsys):
    pytest.importorskip("PIL")
    photo = shared_data / "photos" / "000000000785.jpg"
    weights = shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb"
    status = main(["predict", "--weights", str(weights), "--out", str(tmp_path / "o"), str(photo)])
    assert status == 0 and "1 person" in capsys.readouterr().out
    result = json.loads((tmp_path / "o" / "000000000785.json").read_text())
    assert result["skeleton"] == "OPENPOSE_18" and len(result["people"][0]["keypoints"]) >= 15
    assert (tmp_path / "o" / "000000000785.png").stat().st_size > 10_000


def test_two_photos_of_one_name_do_not_overwrite_each_other():
    from npkpose.cli.predict import _distinct_names

    photos = ["a/x.jpg", "b/x.jpg", "x-2.jpg", "y.png", "results.png"]
    names = [name for name, _ in _distinct_names(photos)]
    assert names == ["x", "x-2", "x-2-2", "y", "results-2"]


def test_errors_are_one_line_and_status_1(tmp_path, capsys):
    (tmp_path / "w.pb").write_bytes(b"no graph")
    for weights, what in (("w.pb", "w.pb"), ("none.pb", "none.pb"), ("w.onnx", "expected a file")):
        assert main(["predict", "--weights", str(tmp_path / weights), "photo.jpg"]) == 1
        error = capsys.readouterr().err
        assert error.startswith("npkpose predict: ") and what in error and error.count("\n") == 1


def test_without_matplotlib_the_demo_says_which_extra_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["demo", "--out", str(tmp_path)]) == 1
    assert 'pip install "npkpose[examples]"' in capsys.readouterr().err


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["dance"])
    assert stop.value.code == 2
