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
