"""Each thing that can be wrong, alone in well-formed files, and what mending it leaves."""

import copy

import numpy as np
import pytest

from npkpose import io
from npkpose.doctor import diagnose
from npkpose.doctor.diagnose import examine_labels
from npkpose.image.files import write_image
from npkpose.metrics import evaluate_coco
from npkpose.skeletons import find

NAN = float("nan")


def change(truth, n=1, **fields):
    truth["annotations"][n].update(fields)


def drop(field):
    return lambda truth: truth["annotations"][1].pop(field)


def put(start, values):
    """Return a function that replaces numbers of the second annotation's keypoints."""

    def damage(truth):
        truth["annotations"][1]["keypoints"][start : start + len(values)] = values

    return damage


def hide(truth):
    put(2, [0])(truth)
    change(truth, num_keypoints=16)


def scaled(truth):
    for one in truth["annotations"]:
        for values, step in ((one["keypoints"], 3), (one["bbox"], 2)):
            values[0::step] = [value / 170 for value in values[0::step]]
            values[1::step] = [value / 120 for value in values[1::step]]


def exchange(truth):
    """Move all people far from the diagonal, where an exchange would not show, and exchange."""
    for one in truth["annotations"]:
        one["bbox"][0] += 200
        row = one["keypoints"]
        row[0::3], row[1::3] = row[1::3], [x + 200 for x in row[0::3]]
    for image in truth["images"]:
        image.update(width=400, height=400)


def corner(truth):
    """Move all people away from the image's corner, and write the far corners of their boxes."""
    for one in truth["annotations"]:
        x, y, width, height = one["bbox"]
        one["bbox"] = [x + 200, y + 200, x + 200 + width, y + 200 + height]
        for axis in (0, 1):
            one["keypoints"][axis::3] = [value + 200 for value in one["keypoints"][axis::3]]
    for image in truth["images"]:
        image.update(width=370, height=320)


def repeat(truth):
    truth["annotations"].append({**copy.deepcopy(truth["annotations"][2]), "id": 70})


# how the file is damaged, the finding, its entries, what is done
MENDED = [
    (lambda t: change(t, num_keypoints=16), "num_keypoints that is not the number", [1], "counted"),
    (lambda t: change(t, num_keypoints=0), "num_keypoints 0 beside labelled", [1], "counted"),
    (drop("num_keypoints"), "no num_keypoints", [1], "counted"),
    (drop("iscrowd"), "no iscrowd", [1], "iscrowd 0 written"),
    (lambda t: change(t, id=0), "id 0", [1], "new ids"),
    (lambda t: change(t, id=1), "repeated ids", [1], "new ids"),
    (drop("id"), "no id", [1], "new ids"),
    (lambda t: change(t, image_id="7"), "image_id that is text", [1], "ids given the type"),
    (lambda t: change(t, category_id="1"), "category_id that is text", [1], "ids given the type"),
    (lambda t: change(t, area="1500.5"), "area that is not a number", [1], "numbers written"),
    (lambda t: change(t, bbox=["28", 20, "54", 38]), "bbox that is not", [1], "numbers written"),
    (put(0, [NAN]), "NaN or infinity in keypoints", [1], "keypoints that are not finite"),
    (put(0, [0, 0, 2, 0, 0, 1]), "several labelled keypoints at (0, 0)", [1], "at (0, 0)"),
    (lambda t: change(t, bbox=[82.0, 58.0, -54.0, -38.0]), "boxes of negative", [1], "turned"),
    (repeat, "instances with the same keypoints", [6], "copies of an annotation"),
    (scaled, "coordinates from 0 to 1", range(6), "multiplied"),
    (exchange, "keypoints that lie in their boxes if x and y", range(6), "x and y exchanged"),
    (corner, "boxes that are x0, y0, x1, y1", range(6), "boxes made"),
]
LEFT = [
    (lambda t: change(t, area=0), "area from 0 to less than 2", [1]),
    (lambda t: change(t, area=-3), "area below 0", [1]),
    (drop("area"), "no area", [1]),
    (lambda t: change(t, area=9000.0), "areas larger than the box", [1]),
    (lambda t: change(t, area=20.0), "areas below a fiftieth of the box", [1]),
    (lambda t: change(t, iscrowd=1), "ignored instances (iscrowd) with labelled", [1]),
    (lambda t: change(t, image_id=70), "people in unknown images", [1]),
    (lambda t: change(t, category_id=70), "people of unknown categories", [1]),
    (put(0, [0, 0, 2]), "a labelled keypoint at (0, 0)", [1]),
    (hide, "coordinates of keypoints with visibility 0", [1]),
    (put(2, [3]), "visibility other than 0, 1 or 2", [1]),
    (lambda t: change(t, bbox=[28, 20, 0, 5]), "boxes without an area beside", [1]),
    (lambda t: change(t, bbox=[100, 90, 20, 20]), "labelled keypoints outside their box", [1]),
    (lambda t: change(t, bbox=[500, 90, 20, 20]), "boxes outside the image", [1]),
    (put(0, [5000]), "labelled keypoints outside the image", [1]),
    (lambda t: change(t, keypoints=[1, 2, 2]), "keypoints of another length", [1]),
    (lambda t: t["images"][1].update(file_name="7.png"), "images with the file_name of", None),
]


def whats(findings):
    return [finding.what for finding in findings]


def starting(findings, what):
    """Return the one finding that starts so."""
    (finding,) = (one for one in findings if one.what.startswith(what))
    return finding


def test_nothing_is_found_in_well_formed_files(truth, results, save):
    found = diagnose(save(truth), save(results, "dt.json"))
    assert found.findings == [] and not found.changes_score
    mended = found.mend()
    assert mended.done == mended.left == [] and mended.contents["annotations"] == truth
    assert found.ap == evaluate_coco(truth, results).stats.ap


@pytest.mark.parametrize("damage, what, entries, done", MENDED, ids=[row[1] for row in MENDED])
def test_what_has_one_right_value_is_found_and_mended(truth, save, damage, what, entries, done):
    damage(truth)
    path = save(truth)
    before = path.read_bytes()
    found = diagnose(path)
    assert starting(found.findings, what).entries == [f"annotations[{i}]" for i in entries]
    mended = found.mend()
    assert any(done in text for _, text, _ in mended.done)
    assert not any(text.startswith(what) for text in whats(mended.left))
    again = diagnose(save(mended.contents["annotations"], "mended.json"))
    assert again.findings == mended.left and again.mend().done == []
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage, what, entries", LEFT, ids=[row[1] for row in LEFT])
def test_what_nothing_in_the_file_decides_is_found_and_left(truth, save, damage, what, entries):
    damage(truth)
    found = diagnose(save(truth))
    finding = starting(found.findings, what)
    if entries is not None:
        assert finding.entries == [f"annotations[{i}]" for i in entries]
    mended = found.mend()
    assert finding in mended.left and mended.contents["annotations"] == truth


def test_mending_gives_back_what_was_there_before_the_damage(truth, save):
    original = copy.deepcopy(truth)
    scaled(truth)
    change(truth, 2, num_keypoints=3, category_id="1")
    del truth["annotations"][3]["iscrowd"]
    mended = diagnose(save(truth)).mend().contents["annotations"]
    for one, other in zip(mended["annotations"], original["annotations"], strict=True):
        for name in ("keypoints", "bbox"):
            np.testing.assert_allclose(one.pop(name), other.pop(name), rtol=1e-12)
        assert one == other
    assert {**mended, "annotations": 0} == {**original, "annotations": 0}


def test_unknown_fields_and_other_categories_are_kept(truth, save):
    truth["categories"].append({"id": 2, "name": "dog", "keypoints": ["a", "b"]})
    other = {"id": 50, "image_id": 8, "category_id": 2, "keypoints": [1, 2, 2], "x": "y"}
    truth["annotations"].append({**other, "iscrowd": 0})
    change(truth, 0, num_keypoints=3)
    found = diagnose(save(truth))
    assert whats(found.findings) == ["num_keypoints that is not the number labelled"]
    mended = found.mend().contents["annotations"]
    assert mended["annotations"][-1] == truth["annotations"][-1]
    assert mended["annotations"][0] == {**truth["annotations"][0], "num_keypoints": 17}
    dog = diagnose(save(truth), category="dog")
    assert any(one.entries == ["annotations[6]"] for one in dog.findings)
    with pytest.raises(ValueError, match="category: expected one of .*1 'person'.*, got 'cat'"):
        diagnose(save(truth), category="cat")


def test_counts_that_leave_out_the_last_keypoints_are_left(truth, save):
    """As Halpe's and CrowdPose's do."""
    for one in truth["annotations"]:
        one["num_keypoints"] = 14
    truth["annotations"][2]["keypoints"][0:3] = [0, 0, 0]
    truth["annotations"][2]["num_keypoints"] = 13
    assert diagnose(save(truth)).mend().done == []
    truth["annotations"][2]["num_keypoints"] = 15  # which no such count gives
    ((_, what, places),) = diagnose(save(truth)).mend().done
    assert what == "num_keypoints counted again" and len(places) == 6


def test_with_results_it_is_measured_what_findings_and_mends_do(truth, results, save):
    change(truth, 1, num_keypoints=0)
    change(truth, 2, area=0)
    found = diagnose(save(truth), save(results, "dt.json"))
    base = evaluate_coco(truth, results).stats.ap
    assert found.ap == base
    without = copy.deepcopy(truth)
    without["annotations"][2]["iscrowd"] = 1
    expected = evaluate_coco(without, results).stats.ap
    tiny = starting(found.findings, "area from 0")
    assert tiny.measured == (
        f"Measured: AP {base:.4f}, {expected:.4f} if these annotations were ignored."
    )
    mended = found.mend()
    after = evaluate_coco(mended.contents["annotations"], results).stats.ap
    assert mended.measured[0] == f"AP {base:.4f} -> {after:.4f}"
    assert mended.measured[-1] == f"AP of the files as they are: {base:.4f}; mended: {after:.4f}"


def test_files_that_the_evaluation_refuses_can_be_evaluated_once_mended(truth, results, save):
    put(0, [NAN])(truth)
    results[0]["score"] = "0.8"
    found = diagnose(save(truth), save(results, "dt.json"))
    assert any(one.refuses for one in found.findings) and found.ap is None
    mended = found.mend()
    ap = evaluate_coco(mended.contents["annotations"], mended.contents["results"]).stats.ap
    assert mended.measured[-1] == f"AP of the files as they are: refused; mended: {ap:.4f}"


@pytest.mark.parametrize("score, what", [
    (1.5, "scores above 1"), (0, "scores of 0 or below"), (-2.5, "scores of 0 or below"),
])  # fmt: skip
def test_odd_scores_of_results_are_found(truth, results, save, score, what):
    results[1]["score"] = score
    found = diagnose(save(truth), save(results, "dt.json"))
    assert [(one.what, one.entries) for one in found.findings] == [(what, ["results[1]"])]
    assert not found.changes_score


def test_one_score_for_all_and_copies_of_results_are_found(truth, results, save):
    same = [{**one, "score": 0.5} for one in results]
    found = diagnose(save(truth), save(same, "dt.json"))
    assert "one score for all results" in whats(found.findings)
    doubled = [*results, dict(results[3])]
    found = diagnose(save(truth), save(doubled, "dt.json"))
    copies = starting(found.findings, "results with the same")
    assert copies.entries == ["results[6]"] and "without these results" in copies.measured
    assert found.mend().contents["results"] == results


def test_results_alone_are_examined(results, save):
    results[0]["score"] = 2
    found = diagnose(save(results))
    assert found.format == "coco-results" and whats(found.findings) == ["scores above 1"]
    assert found.mend().contents == {"results": results}


@pytest.mark.parametrize("name", ["HAND_21", "WFLW_98", "AP10K_17"])
def test_any_skeleton_is_examined(truth, save, name):
    plan = find(name)
    truth["categories"] = [{"id": 1, "name": "x", "keypoints": list(plan.keypoints)}]
    K = plan.num_keypoints
    for one in truth["annotations"]:
        x, y = one["bbox"][:2]
        one["keypoints"] = [v for k in range(K) for v in (x + k / K * 50, y + k / K * 30, 2)]
        one["num_keypoints"] = K
    truth["annotations"][2]["num_keypoints"] = 3
    found = diagnose(save(truth))
    assert found.findings[0].entries == ["annotations[2]"]
    rest = [] if np.isfinite(plan.sigmas).all() else [f"no published sigmas of {name}"]
    assert whats(found.findings)[1:] == rest
    assert diagnose(save(truth), skeleton=plan).findings == found.findings


def test_the_protocol_of_the_data_set_may_need_less(truth, results, save):
    plan = find("CROWDPOSE_14")
    truth["categories"] = [{"id": 1, "name": "person", "keypoints": list(plan.keypoints)}]
    for image in truth["images"]:
        image["crowdIndex"] = 0.2
    for one in [*truth["annotations"], *results]:
        one["keypoints"] = one["keypoints"][:42]
    for one in truth["annotations"]:
        one["num_keypoints"] = 14
        del one["area"]
    found = diagnose(save(truth), save(results, "dt.json"))
    (finding,) = found.findings
    assert finding.what == "no area" and finding.effect.startswith("None with the protocol crowd")
    assert not found.changes_score
    assert found.ap == evaluate_coco(truth, results, protocol="crowdpose").stats.ap


def wholebody(one, with_parts):
    """Give an entry COCO-WholeBody's keypoints, in lists of parts or in one."""
    x, y = one["keypoints"][:2]
    parts = {"foot_kpts": 6, "face_kpts": 68, "lefthand_kpts": 21, "righthand_kpts": 21}
    for n, (field, count) in enumerate(parts.items()):
        row = [v for k in range(count) for v in (x + 20 + k / 4, y + 5 + 5 * n, 2)]
        if with_parts:
            one[field] = row
        else:
            one["keypoints"] = one["keypoints"] + row
    return one


@pytest.mark.parametrize("with_parts", [True, False])
def test_results_of_the_whole_body_are_scored_by_its_protocol(truth, results, save, with_parts):
    for one, other in zip(truth["annotations"], results):
        wholebody(one, True)
        wholebody(other, with_parts)
    path = save(results, "dt.json")
    found = diagnose(save(truth), path)
    assert found.findings == []
    assert found.ap == evaluate_coco(truth, results, protocol="wholebody").stats.ap > 0
    truth["annotations"][1]["lefthand_kpts"][0:6] = [0, 0, 2, 0, 0, 2]
    (finding,) = [one for one in diagnose(save(truth), path).findings if "(0, 0)" in one.what]
    assert len(finding.entries) == 1 and finding.entries[0].startswith("instances[1] in 7.png")
    results[0]["face_kpts" if with_parts else "keypoints"] = [1, 2]
    assert any(one.refuses for one in diagnose(save(truth), save(results, "dt.json")).findings)


def test_images_are_looked_for_and_their_sizes_compared(truth, save, tmp_path):
    pytest.importorskip("PIL", reason="images need Pillow")
    folder = tmp_path / "images"
    folder.mkdir()
    write_image(folder / "7.png", np.zeros((170, 120, 3), np.uint8))  # turned
    write_image(folder / "8.png", np.zeros((60, 85, 3), np.uint8))  # of half the size
    path = save(truth)
    found = diagnose(path, images=folder)
    assert starting(found.findings, "images that are not in").entries == ["images[2] '9.png'"]
    wrong = starting(found.findings, "width and height that are not")
    assert wrong.entries == ["images[1] '8.png' of 85 x 60"] and wrong.changes_score
    turned = starting(found.findings, "width and height exchanged")
    assert turned.entries == ["images[0] '7.png' of 120 x 170"]
    image = found.mend().contents["annotations"]["images"][0]
    assert image == {**truth["images"][0], "width": 120, "height": 170}
    image_module = pytest.importorskip("PIL.Image")
    exif = image_module.Exif()
    exif[274] = 6  # a quarter turn: the camera lay on its side
    turned = image_module.new("RGB", (120, 170))
    turned.save(folder / "7.png", exif=exif)  # 170 x 120, as a viewer shows it
    assert not any("exchanged" in one.what for one in diagnose(path, images=folder).findings)
    (folder / "9.png").write_bytes(b"no image")
    starting(diagnose(path, images=folder).findings, "images that cannot be opened")
    with pytest.raises(FileNotFoundError, match="images: expected a folder, got"):
        diagnose(path, images=tmp_path / "none")


def test_left_and_right_exchanged_are_found_by_the_other_instances(truth, save):
    rng, plan = np.random.default_rng(0), find("COCO_17")
    truth["annotations"] = []
    for n in range(60):
        points = rng.uniform(40, 60, (17, 2))
        facing = rng.choice([-1, 1])
        for left, right in plan.pairs:
            points[left, 0], points[right, 0] = 50 + 20 * facing, 50 - 20 * facing
        if n in (5, 30):
            points[[11, 12]] = points[[12, 11]]  # the hips
        row = [float(v) for x, y in points for v in (x, y, 2)]
        truth["annotations"].append({
            "id": n + 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "num_keypoints": 17,
            "keypoints": row, "bbox": [28.0, 38.0, 44.0, 24.0], "area": 900.0,
        })  # fmt: skip
    (finding,) = diagnose(save(truth)).findings
    assert finding.what.startswith("left and right exchanged")
    assert finding.entries == ["annotations[5]", "annotations[30]"]


def test_coordinates_counted_from_1_are_found(truth, save):
    truth["annotations"][5]["keypoints"][0:2] = [170, 120]
    for one in truth["annotations"]:
        one["keypoints"] = [float(round(value)) for value in one["keypoints"]]
    finding = starting(diagnose(save(truth)).findings, "whole coordinates up to")
    assert finding.entries == ["annotations[5]"] and "counted from 1" in finding.what


def test_files_that_cannot_be_read_are_refused(truth, save, tmp_path):
    no_object = {"annotations": [], "images": [], "categories": [4]}
    for data, message in (
        ({"annotations": 3}, "gt.json: images: expected a list, got nothing"),
        ([3], "gt.json: expected a file of keypoints"),
        (no_object, r"categories\[0\]: expected an object"),
    ):
        with pytest.raises(ValueError, match=message):
            diagnose(save(data))
    boxes = {**truth, "annotations": [{**truth["annotations"][0], "keypoints": []}]}
    with pytest.raises(ValueError, match="gt.json: expected keypoints, got 'person' without any"):
        diagnose(save(boxes))
    with pytest.raises(FileNotFoundError, match="nowhere.json"):
        diagnose(tmp_path / "nowhere.json")
    with pytest.raises(ValueError, match="format: expected one of auto, .*, got 'gif'"):
        diagnose(save({}), format="gif")


def test_labels_of_any_format_are_examined(truth, save):
    put(0, [0, 0, 2, 0, 0, 2])(truth)
    change(truth, 3, bbox=[122.0, 78.0, -54.0, -38.0])
    repeat(truth)
    found = examine_labels(io.read(save(truth)))
    for what, place in (
        ("several labelled keypoints", "instances[1] in 7.png, id 2"),
        ("boxes of negative width", "instances[3] in 8.png, id 4"),
        ("instances with the same", "instances[6] in 8.png, id 70"),
    ):
        assert starting(found, what).entries == [place]
