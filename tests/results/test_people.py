import json

from npkpose import COCO_17
from npkpose.results.people import PeopleFile


def test_each_frame_is_a_line_with_its_time_and_people(write, frames):
    path = write(PeopleFile, "a.json", "film.mp4")
    content = json.loads(path.read_bytes())
    assert len(path.read_bytes().splitlines()) == 3 + 2
    for frame, (image, poses) in zip(content.pop("frames"), frames, strict=True):
        people = poses.to_dict(COCO_17)["people"]
        assert frame == {"index": image.id, "time": image.time, "people": people}
    head = {"video": "film.mp4", "skeleton": "COCO_17", "width": 64, "height": 48}
    assert content == {**head, "tracked": False}


def test_a_file_without_frames_is_json_too(tmp_path):
    PeopleFile(tmp_path / "a.json", COCO_17, "film.mp4").close()
    assert json.loads((tmp_path / "a.json").read_bytes())["frames"] == []
