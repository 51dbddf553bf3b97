import json

from npkpose import COCO_17
from npkpose.results.coco import CocoFile


def test_the_file_is_the_list_of_all_entries(write, frames):
    expected = [entry for image, poses in frames for entry in poses.to_coco(image.id)]
    text = write(CocoFile, "a.json", COCO_17).read_text(encoding="utf-8")
    assert text == json.dumps(expected) + "\n"


def test_tracked_people_have_track_ids(write):
    entries = json.loads(write(CocoFile, "a.json", COCO_17, True).read_bytes())
    assert [(e["image_id"], e["track_id"]) for e in entries] == [(10, 7), (10, 9), (12, 7)]


def test_without_people_the_list_is_empty(tmp_path):
    CocoFile(tmp_path / "a.json", COCO_17, COCO_17).close()
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "[]\n"
