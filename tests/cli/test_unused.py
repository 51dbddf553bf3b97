"""Options that would have no effect are refused by name, with what they need."""

import json

import pytest

from npkpose.cli.main import main


@pytest.mark.parametrize(("command", "message"), [
    ("predict a.jpg --trails 9", "--trails: expected --track or --smooth beside it, got none"),
    ("predict a.jpg --fps 25", "--fps: expected --track or --smooth beside it, got none"),
    ("predict a.mp4 --track --fps 25", "--fps: expected none, since videos say it themselves"),
    ("predict a.jpg --no-drawings --draw ids", "--draw: expected none, since --no-drawings is"),
    ("predict a.jpg --track --trails 9 --draw transparent", "--trails: expected none beside --dra"),
    ("track a.json --cutoff 2", "--cutoff: expected --smooth beside it, got none"),
    ("track a.json --max-gap 2", "--max-gap: expected --fill beside it, got none"),
    ("triangulate rig.json --out x.npz", "--out: expected none, since the names of the cameras"),
    ("triangulate rig.json a.npy b.npy --all-views --threshold 9", "--threshold: expected none, s"),
    ("convert --to csv", "--to: expected IN beside it, got none"),
    ("convert a.json --to csv", "--to: expected OUT beside it, got none"),
    ("lift a.npy --weights w.npz --keep-joints", "--keep-joints: expected none, since KEYPOINTS"),
    ("train topdown --annotations a.json --images . --held-out 9", "--held-out: expected none, si"),
])  # fmt: skip
def test_an_option_without_effect_is_refused(tmp_path, monkeypatch, capsys, command, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "a.npy").write_bytes(A_NPY)
    network = ["--offline", "--model", "openpose-mobilenetv2"] * command.startswith("predict")
    assert main([*command.split(), *network]) == 1
    assert message in capsys.readouterr().err


A_NPY = b"\x93NUMPY\x01\x00" + b"v\x00" + (
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 17, 2)}".ljust(117) + b"\n"
) + bytes(8 * 34)  # fmt: skip


def test_json_comes_before_quiet_and_is_alone_on_stdout(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    out = tmp_path / "coco.png"
    assert main(["skeletons", "coco", "--to", "mpii", "--json", "--quiet", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["target"] == "MPII_16" and len(told["rows"]) == 16 and out.exists()
