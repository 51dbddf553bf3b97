import json

import pytest

from npkpose.cli.main import main


def test_it_finds_nothing_or_says_what_a_finding_does_to_the_score(run_on_coco, person, capsys):
    assert run_on_coco("doctor") == 0 and capsys.readouterr().out == "nothing found\n"
    assert run_on_coco("doctor", person=person | {"area": 1}) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "1 x area from 0 to less than 2: annotations[0]" and "OKS is" in second


def test_the_status_says_whether_a_finding_changes_the_score(run_on_coco, person, tmp_path, capsys):
    assert run_on_coco("doctor", person=person | {"num_keypoints": 3}) == 0
    assert "    None: COCO asks only" in capsys.readouterr().out
    assert run_on_coco("doctor", person=person | {"id": 1.5}) == 1
    assert run_on_coco("doctor", results=[3]) == 2
    shown = capsys.readouterr()
    assert "dt.json[0]: expected an object, got 3" in shown.err
    with pytest.raises(SystemExit):
        run_on_coco("doctor", "--help")
    assert "Exit status: 0 if no finding changes a score" in capsys.readouterr().out


def test_a_missing_file_is_status_2(capsys):
    assert main(["doctor", "nowhere.json"]) == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_results_are_optional(person, tmp_path, capsys):
    path = tmp_path / "gt.json"
    image = {"id": person["image_id"], "width": 64, "height": 48}
    categories = [{"id": person["category_id"]}]
    path.write_text(
        json.dumps({"images": [image], "annotations": [person], "categories": categories}),
        encoding="utf-8",
    )
    assert main(["doctor", str(path)]) == 0 and capsys.readouterr().out == "nothing found\n"


@pytest.fixture
def files(person, result, tmp_path):
    """Paths of annotations with a wrong num_keypoints and a tiny area, and of results."""
    truth = {
        "images": [{"id": person["image_id"], "width": 64, "height": 48}],
        "annotations": [person | {"num_keypoints": 0, "area": 1, "own": "kept"}],
        "categories": [{"id": 1, "name": "person"}],
    }
    for name, data in (("gt.json", truth), ("dt.json", [result | {"score": "0.5"}])):
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
    return str(tmp_path / "gt.json"), str(tmp_path / "dt.json")


def test_fix_writes_a_mended_copy_and_says_what_was_mended_and_what_is_left(
    files, tmp_path, capsys
):  # fmt: skip
    out, results = tmp_path / "gt2.json", tmp_path / "dt2.json"
    assert main(["doctor", *files, "--fix", str(out), "--fix-results", str(results)]) == 1
    printed = capsys.readouterr().out
    assert "mended: num_keypoints counted again: 1 in the annotations, annotations[0]" in printed
    assert "mended: numbers written as text made numbers: 1 in the results" in printed
    assert "left for you: 1 x area from 0 to less than 2" in printed
    assert "AP of the files as they are: refused; mended: 1.0000" in printed
    mended = json.loads(out.read_text(encoding="utf-8"))["annotations"][0]
    assert mended["num_keypoints"] == 17 and mended["own"] == "kept" and mended["area"] == 1
    assert json.loads(results.read_text(encoding="utf-8"))[0]["score"] == 0.5
    assert main(["doctor", str(out), str(results)]) == 1
    assert "num_keypoints" not in capsys.readouterr().out


def test_fix_never_overwrites_a_file(files, tmp_path, capsys):
    mine = tmp_path / "mine.json"
    mine.write_text("mine", encoding="utf-8")
    for path, message in (
        (files[0], "--fix: expected another file than the input"),
        (files[1], "--fix: expected another file than the input"),
        (mine, "--fix: expected a new file or one that npkpose wrote"),
        (tmp_path / "none" / "x.json", "--fix: expected a folder that exists"),
    ):
        assert main(["doctor", *files, "--fix", str(path)]) == 2
        assert message in capsys.readouterr().err
    assert mine.read_text(encoding="utf-8") == "mine"
    assert main(["doctor", files[0], "--fix-results", str(tmp_path / "x.json")]) == 2
    assert "--fix-results: expected RESULTS.json beside it" in capsys.readouterr().err


def test_the_status_after_a_complete_mend_is_0(person, tmp_path, capsys):
    path, out = tmp_path / "gt.json", tmp_path / "out.json"
    truth = {
        "images": [{"id": person["image_id"], "width": 64, "height": 48}],
        "annotations": [person | {"num_keypoints": 0}], "categories": [{"id": 1}],
    }  # fmt: skip
    path.write_text(json.dumps(truth), encoding="utf-8")
    assert main(["doctor", str(path)]) == 1
    assert main(["doctor", str(path), "--fix", str(out)]) == 0
    assert main(["doctor", str(out)]) == 0


def test_json_has_all_entries_and_what_was_mended(files, tmp_path, capsys):
    assert main(["doctor", *files, "--json", "--fix", str(tmp_path / "out.json")]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["format"] == "coco" and content["ap"] is None
    whats = {one["what"]: one for one in content["findings"]}
    finding = whats["num_keypoints 0 beside labelled keypoints"]
    assert finding["entries"] == ["annotations[0]"] and finding["changes_score"]
    assert finding["ids"] == [1]
    assert [one["what"] for one in content["mended"]][-1].startswith("numbers written as text")
    assert all("num_keypoints" not in one["what"] for one in content["left"])


def test_a_skeleton_may_be_given_and_a_wrong_option_is_named(files, tmp_path, capsys):
    assert main(["doctor", files[0], "--skeleton", "MPII_16"]) == 1
    assert "keypoints of another length: 51 numbers, 17 keypoints" in capsys.readouterr().out
    for option, message in (
        (["--skeleton", "NOBODY"], "--skeleton: expected a skeleton"),
        (["--category", "cat"], "--category: expected one of"),
        (["--format", "gif"], "--format: expected one of auto"),
        (["--images", str(tmp_path / "none")], "--images: expected a folder, got"),
    ):
        assert main(["doctor", files[0], *option]) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
