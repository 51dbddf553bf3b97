import json
import pathlib

import numpy as np
import pytest

from npkpose.cli.main import main
from npkpose.data.coco_writer import write_coco
from npkpose.data.scene import Scene
from npkpose.models.described import load_described
from npkpose.skeleton import Skeleton

pytest.importorskip("PIL", reason="images need Pillow")
PLAN = Skeleton("MINE", ("left_wing", "right_wing", "beak"), ((0, 2), (1, 2)), ((0, 1),), np.nan)


class Birds(list):
    """Three images of coloured dots."""

    skeleton = PLAN


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The options of annotations and images of birds."""
    rng, birds = np.random.default_rng(0), Birds()
    for _ in range(3):
        points = rng.integers(6, 26, (1, 3, 2)).astype(float)
        image = np.zeros((32, 32, 3), np.uint8)
        for k, (x, y) in enumerate(points[0].astype(int)):
            image[y - 2 : y + 3, x - 2 : x + 3, k] = 255
        box, crowd = np.array([[0.0, 0.0, 32.0, 32.0]]), np.zeros(1, bool)
        birds.append(Scene(image, points, np.full((1, 3), 2), box, np.array([1024.0]), crowd))
    path = write_coco(birds, tmp_path_factory.mktemp("birds"))
    return "--annotations", str(path), "--images", str(path.parent / "images")


def train(out, files, *options):
    fixed = "--steps", "1", "--evaluate-every", "1", "--out", str(out), "--input-size", "32x32"
    return main(["train", "topdown", *fixed, *files, *map(str, options)])


def test_a_network_is_trained_on_the_skeleton_of_the_file_and_predicts_it(files, tmp_path, capsys):
    assert train(tmp_path / "run", files, "--val-fraction", "0.4") == 0
    printed = capsys.readouterr().out
    assert "2 instances of person (3 keypoints) in 2 images, crops of 32x32" in printed
    assert "step 1: PCK@0.1 0." in printed and "validation, 1 image: PCK@0.1" in printed
    weights = tmp_path / "run" / "weights.npz"
    assert load_described(weights).skeleton.keypoints == PLAN.keypoints
    image = pathlib.Path(files[3]) / "000001.png"
    out = tmp_path / "out"
    assert main(["predict", str(image), "--weights", str(weights), "--out", str(out)]) == 0
    people = json.loads((out / "000001.json").read_text(encoding="utf-8"))["people"]
    assert list(people[0]["keypoints"]) == list(PLAN.keypoints)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert len(results[0]["keypoints"]) == 9 and (out / "000001.png").exists()


def test_an_export_of_annotated_images_has_their_scores(files, tmp_path):
    out = tmp_path / "birds.npz"
    assert train(tmp_path / "run", files, "--export", out) == 0
    record = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["skeleton"] == "person" and "train_seed" not in record
    assert 0 <= record["scores"]["pck"] <= 1 and "ap" not in record["scores"]
    assert load_described(out).skeleton.keypoints == PLAN.keypoints


def test_missing_images_are_counted_and_named(files, tmp_path, capsys):
    data = json.loads(pathlib.Path(files[1]).read_text(encoding="utf-8"))
    data["images"][1]["file_name"] = "lost.png"
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert train(tmp_path / "run", ("--annotations", str(path), *files[2:])) == 0
    assert "a.json: 1 image not in" in (error := capsys.readouterr().err) and "(lost.png)" in error
    for image in data["images"]:
        image["file_name"] = "lost.png"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert train(tmp_path / "run", ("--annotations", str(path), *files[2:])) == 1
    error = capsys.readouterr().err
    assert "expected instances to train on, got 3, of which 3 have images that are not in" in error


def test_validation_labels_may_be_a_file_of_their_own(files, tmp_path, capsys):
    assert train(tmp_path / "run", files, "--val-annotations", files[1]) == 0
    assert "validation, 3 images: 3 instances" in capsys.readouterr().out


def test_another_number_of_keypoints_than_the_skeletons_is_refused(files, tmp_path, capsys):
    assert train(tmp_path / "run", files, "--skeleton", "COCO_17") == 1
    error = capsys.readouterr().err
    assert "expected 17 keypoints of COCO_17, got 3" in error and error.count("\n") == 1
    assert train(tmp_path / "run", files, "--skeleton", "NO_SUCH_PLAN") == 1
    assert "--skeleton: expected a skeleton" in capsys.readouterr().err


def test_a_category_without_keypoints_is_refused(files, tmp_path, capsys):
    data = json.loads(pathlib.Path(files[1]).read_text(encoding="utf-8"))
    data["categories"].append({"id": 5, "name": "box"})
    data["annotations"][0].update(category_id=5, keypoints=[])
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    options = "--annotations", str(path), *files[2:], "--category", "box"
    assert train(tmp_path / "run", options) == 1
    assert "a.json: expected keypoints, got box without any" in capsys.readouterr().err


@pytest.mark.parametrize("options, message", [
    (["--input-size", "32"], "--input-size: expected HxW, such as 96x64, got '32'"),
    (["--input-size", "30x32"], "--input-size: expected"),
    (["--val-fraction", "1"], "--val-fraction: expected"),
    (["--val-fraction", "0"], "--val-fraction: expected"),
    (["--val-fraction", "0.5", "--val-annotations", "x"], "expected one of them, got both"),
    (["--val-images", "x"], "--val-images: expected --val-annotations beside it, got none"),
    (["--val-annotations", "x.json"], "x.json: no such file"),
    (["--category", "cat"], "categories: expected 'cat', got 1 'person'"),
    (["--format", "gif"], "--format: expected one of"),
])  # fmt: skip
def test_options_are_checked_before_anything_is_trained(files, tmp_path, capsys, options, message):
    assert train(tmp_path / "run", files, *options) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not (tmp_path / "run").exists()


def test_options_of_labels_need_annotations_and_topdown(files, tmp_path, capsys):
    out = ["--out", str(tmp_path / "run")]
    assert main(["train", "topdown", "--skeleton", "COCO_17", *out]) == 1
    assert "--skeleton: expected --annotations beside it" in capsys.readouterr().err
    assert main(["train", "paf", *files, "--skeleton", "COCO_17", *out]) == 1
    assert "--skeleton: expected none with paf" in capsys.readouterr().err


def test_the_flip_test_of_one_hand_is_refused(files, tmp_path, capsys):
    data = json.loads(pathlib.Path(files[1]).read_text(encoding="utf-8"))
    data["categories"][0]["keypoints"] = ["wrist", "thumb", "little"]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert train(tmp_path / "run", ("--annotations", str(path), *files[2:])) == 0
    assert "has no pairs of left and right: crops are not flipped" in capsys.readouterr().out
    weights, image = tmp_path / "run" / "weights.npz", f"{files[3]}/000001.png"
    assert main(["predict", image, "--weights", str(weights), "--flip"]) == 1
    assert "--flip: expected none, since person has no pairs" in capsys.readouterr().err
