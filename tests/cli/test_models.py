import json

from npkpose.cli.main import main
from npkpose.models.pretrained import PRETRAINED
from npkpose.weights.published import entries


def test_every_network_is_listed_with_its_size_its_score_and_its_licence(capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in PRETRAINED) and "28,536,113" in out
    (line,) = [line for line in out.splitlines() if line.startswith("openpose-coco ")]
    assert line.split() == [
        "openpose-coco", "people", "52,311,446", "368", "high", "135.9", "AP", "48.6", "209",
        "CMU's", "OpenPose", "licence",
    ]  # fmt: skip
    assert "/mmpose" not in out


def test_json_has_all_files_with_addresses_hashes_and_preprocessing(capsys):
    assert main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(entries())
    row = rows["hrnet-w32-udp/mmpose-1.x"]
    assert row["hash"] == "73ede547" and row["urls"][0].endswith("73ede547_20220914.pth")
    assert row["preprocessing"]["refine"] == "dark_udp" and row["finds"] == "keypoints"
    assert rows["higherhrnet-w32-640"]["giga_madds"] is None  # known at 512 only
