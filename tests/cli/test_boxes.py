import json

import pytest

from npkpose.cli.boxes import read_boxes


def write(tmp_path, content):
    (tmp_path / "boxes.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path / "boxes.json"


def boxes_of(tmp_path, ids, images=None):
    """Return the boxes of a file with one box for each id."""
    entries = [{"image_id": image_id, "bbox": [1, 2, 3, 4]} for image_id in ids]
    return read_boxes(
        write(tmp_path, entries if images is None else {"annotations": entries, "images": images})
    )


@pytest.mark.parametrize(
    "content, message",
    [
        ("[", "expected JSON"), ("{}", "expected COCO results or annotations"),
        ("[1]", r"\[0\].bbox: expected"), ('[{"bbox": [1, 2, 3]}]', r"\[0\].bbox: expected"),
        ('[{"bbox": [1, 2, 3, "4"]}]', r"\[0\].bbox"),
        ('[{"bbox": [1, 2, 3, 4]}]', r"\[0\].image_id: expected"),
        ('[{"bbox": [1, 2, 3, 4], "image_id": 1, "score": "high"}]', r"\[0\].score: expected"),
        ('[{"bbox": [1, 2, 3, 4], "image_id": [1]}]', r"\[0\].image_id: expected"),
        ('[{"bbox": [NaN, 2, 3, 4], "image_id": 1}]', r"\[0\].bbox"),
        ('[{"bbox": [1e308, 2, 3, 4], "image_id": 1}]', r"\[0\].bbox"),
        (f'[{{"bbox": [{10**399}, 2, 3, 4], "image_id": 1}}]', r"\[0\].bbox"),
        ("[" * 100_000, "expected JSON"),
        ('{"annotations": [], "images": [1]}', r"images\[0\]: expected an object with an id"),
        ('{"annotations": [], "images": {}}', "images: expected a list"),
        ('[{"bbox": [1, 2, 3, 4], "image_id": 1, "category_id": 17}]',
         "expected boxes of people, category_id 1 .see --category., got 1 of category 17"),
        ('{"annotations": [], "categories": [{"id": 2, "name": "a"}, {"id": 3, "name": "b"}]}',
         "expected a category named person, or --category"),
    ],
)  # fmt: skip
def test_files_without_boxes_are_named(tmp_path, content, message):
    path = tmp_path / "boxes.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as refusal:
        read_boxes(path)
    assert str(path) in str(refusal.value)


def test_boxes_that_windows_wrote_are_read(tmp_path):
    text = '[{"image_id": 1, "bbox": [1, 2, 3, 4]}]'
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "boxes.json").write_text(text, encoding=encoding)
        assert read_boxes(tmp_path / "boxes.json") == {1: ([(1, 2, 4, 6)], [1.0])}


def test_ids_that_pandas_wrote_are_integers(tmp_path):
    images = [{"id": 139.0, "file_name": "a.png"}]
    boxes = boxes_of(tmp_path, [139.0, 139], images)
    assert list(boxes) == [139] and len(boxes[139][0]) == 2 and boxes.image_id("x/a.png") == 139
    with pytest.raises(ValueError, match=r"\[0\].image_id: expected an integer or a text, got 0.5"):
        boxes_of(tmp_path, [0.5])


def test_boxes_of_annotations_are_read_and_empty_ones_left_out(tmp_path):
    annotations = [{"image_id": 1, "bbox": [1, 2, 3, 4]}, {"image_id": 1, "bbox": [1, 2, 0, 4]}]
    (tmp_path / "a.json").write_text(json.dumps({"annotations": annotations}), encoding="utf-8")
    assert read_boxes(tmp_path / "a.json") == {1: ([(1, 2, 4, 6)], [1.0])}


def test_only_boxes_of_people_are_read(tmp_path):
    kinds = [{"category_id": 1}, {"category_id": 62}, {}, {"category_id": 17}, {"category_id": 17},
             {"iscrowd": 1}]  # fmt: skip
    entries = [{"image_id": 1, "bbox": [n, 2, 3, 4], **kind} for n, kind in enumerate(kinds)]
    boxes = read_boxes(write(tmp_path, entries))
    assert boxes == {1: ([(0, 2, 3, 6), (2, 2, 5, 6)], [1.0, 1.0])}
    assert boxes.left_out == "2 of category 17, 1 of category 62, 1 of a crowd"
    assert len(read_boxes(write(tmp_path, entries), category=17)[1][0]) == 3
    assert read_boxes(write(tmp_path, [])) == {}


@pytest.mark.parametrize("image_id", [
    42, "42", "000000000042", "000000000042.png", "val/000000000042", "set/val/000000000042.png",
])  # fmt: skip
def test_a_photo_is_known_by_its_number_or_its_name(tmp_path, image_id):
    boxes = boxes_of(tmp_path, [41, image_id, "43"])
    assert boxes.image_id("data/set/val/000000000042.png") == image_id
    assert boxes.image_id("data/set/val/44.png") is None


def test_a_photo_is_known_by_the_file_name_that_agrees_longest(tmp_path):
    names = ["a/1.png", "b/1.png", "b\\c\\2.png", "3.png"]
    images = [{"id": 10 + n, "file_name": name} for n, name in enumerate(names)]
    boxes = boxes_of(tmp_path, [10, 1], images)
    for photo, image_id in (("x/a/1.png", 10), ("b/1.png", 11), ("c/2.png", 12), ("y/3.png", 13)):
        assert boxes.image_id(photo) == image_id
    with pytest.raises(ValueError, match="expected one image of c/1.png, got 2 of them"):
        boxes.image_id("c/1.png")


def test_photos_that_share_boxes_or_have_none_are_refused(tmp_path):
    boxes = boxes_of(tmp_path, [1, 2])
    boxes.check_photos(["a/1.png", "b/2.png", "b/3.png"])
    with pytest.raises(ValueError, match="one photo of image_id 1, got a/1.png and b/1.png"):
        boxes.check_photos(["a/1.png", "b/1.png"])
    with pytest.raises(ValueError, match="boxes of 3.png, got only others, .* image_id 1, 2"):
        boxes.check_photos(["3.png"])
    boxes_of(tmp_path, []).check_photos(["3.png"])
    boxes_of(tmp_path, [1], [{"id": 5, "file_name": "3.png"}]).check_photos(["3.png"])


def test_people_of_whom_only_keypoints_are_known_have_the_box_around_them(tmp_path):
    entries = [
        {"image_id": 1, "score": 0.5, "keypoints": [10, 20, 1, 30, 99, 0, 29, 59, 0.5]},
        {"image_id": 1, "keypoints": [0, 0, 0]},
    ]
    boxes = read_boxes(write(tmp_path, entries))
    assert boxes == {1: ([(8, 18, 32, 62)], [0.5])} and boxes.left_out == "1 without an area"
    with pytest.raises(ValueError, match=r"boxes.json\[0\].bbox: expected"):
        read_boxes(write(tmp_path, [{"image_id": 1, "keypoints": [1, 2]}]))
