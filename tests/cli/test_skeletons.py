import json

import pytest

from npkpose import skeletons
from npkpose.cli.main import main
from npkpose.skeletons import skeleton_names


def test_every_skeleton_is_listed_with_its_number_of_keypoints(capsys):
    assert main(["skeletons"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[0]: int(line.split()[1]) for line in lines if line[:2] == "  "}
    assert listed == {name: getattr(skeletons, name).num_keypoints for name in skeleton_names()}
    assert {"body:", "hand:", "face:", "animal:"} <= set(lines)
    assert max(map(len, lines)) <= 100
    marked = {line.split()[0] for line in lines if line[:2] == "  " and line.split()[2] == "s"}
    assert {"COCO_17", "HAND_21"} <= marked and not marked & {"WFLW_98", "H36M_17"}


def test_json_holds_all_of_every_skeleton(capsys):
    assert main(["skeletons", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == skeleton_names()
    row, plan = rows["WFLW_98"], skeletons.WFLW_98
    assert row["sigmas"] == [None] * 98 and row["limbs"] == [list(limb) for limb in plan.limbs]
    assert row["keypoints"] == list(plan.keypoints) and row["source"] == plan.source
    assert main(["skeletons", "coco 17", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == rows["COCO_17"]


@pytest.mark.parametrize("name", skeleton_names())
def test_one_skeleton_is_described_with_its_numbers(name, capsys):
    assert main(["skeletons", name.lower()]) == 0
    out = capsys.readouterr().out
    plan = getattr(skeletons, name)
    assert out.startswith(f"{name}: {plan.num_keypoints} keypoints, {plan.group}\n")
    for k, keypoint in enumerate(plan.keypoints):
        assert f"  {k:3}  {keypoint} " in out
    words = " ".join(out.split())
    assert all(f"{a}-{b}" in words for a, b in plan.limbs) and plan.source in words


def test_partners_and_sigmas_are_shown(capsys):
    assert main(["skeletons", "COCO"]) == 0
    out = capsys.readouterr().out
    assert "1  left_eye        sigma 0.025  mirrored: 2 right_eye\n" in out
    assert "also called: OCHUMAN_17" in out
    assert main(["skeletons", "WFLW"]) == 0
    assert "97  wflw-97  sigma     -  mirrored: 96 wflw-96\n" in capsys.readouterr().out


def test_conversion_to_another_is_printed(capsys):
    assert main(["skeletons", "coco", "--to", "mpii"]) == 0
    assert capsys.readouterr().out.startswith("COCO_17 -> MPII_16: 12 exact, 3 derived, 1 missing")


@pytest.mark.parametrize(("arguments", "message"), [
    (["haple-26"], "NAME: expected a skeleton, the nearest are HALPE_26"),
    (["coco", "--to", "haple-26"], "--to: expected a skeleton, the nearest are HALPE_26"),
    (["--out", "a.png"], "--out: expected a NAME before it"),
    (["--to", "coco"], "--to: expected a NAME before it"),
])  # fmt: skip
def test_wrong_options_are_named(arguments, message, capsys):
    assert main(["skeletons", *arguments]) == 1
    assert f"npkpose skeletons: {message}" in capsys.readouterr().err


def test_a_drawing_is_written_and_never_over_a_file_of_the_user(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    out = tmp_path / "hand.png"
    for _ in range(2):  # its own file is replaced
        assert main(["skeletons", "HAND_21", "--out", str(out)]) == 0
    assert f"wrote {out}" in capsys.readouterr().out
    pixels = image.open(out).convert("RGB")
    assert min(pixels.size) > 300 and len(pixels.getcolors(1 << 20)) > 50
    photo = tmp_path / "mine.png"
    photo.write_bytes(b"mine")
    assert main(["skeletons", "HAND_21", "--out", str(photo)]) == 1
    assert photo.read_bytes() == b"mine" and "npkpose wrote" in capsys.readouterr().err
    assert main(["skeletons", "HAND_21", "--out", str(tmp_path / "hand.xyz")]) == 1
    assert "expected a file ending in" in capsys.readouterr().err
