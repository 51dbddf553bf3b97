import json

import numpy as np
import pytest

from npkpose import COCO_17, OPENPOSE_18, Poses
from npkpose.space.files import read_keypoints
from npkpose.space.people_files import match_images, read_people, read_photo


def write(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_people_are_read_from_coco_results_in_the_order_of_images(tmp_path):
    entries = [
        {"image_id": 7, "keypoints": [1, 2, 0.5, 0, 0, 0], "score": 0.25, "category_id": 1},
        {"image_id": 3, "keypoints": [5, 6, 1, 7, 8, 1]},
        {"image_id": 7, "keypoints": [3, 4, 1, 5, 6, 1], "score": 0.75},
    ]
    people = read_people(write(tmp_path / "r.json", entries))
    assert list(people) == [3, 7] and len(people[7]) == 2
    np.testing.assert_array_equal(people[7].keypoints[0], [[1, 2], [np.nan, np.nan]])
    assert people[7].person_scores.tolist() == [0.25, 0.75] and people[3].person_scores == [1]
    assert read_people(write(tmp_path / "r.json", [])) == {}
    assert read_people(write(tmp_path / "r.json", [[1, 2]])) is None
    assert read_people(tmp_path / "r.npy") is None


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"keypoints": [1, 2, 3]}, r"r.json\[1\].image_id: expected an integer or text, got None"),
        ({"image_id": 1, "keypoints": [1, 2]}, r"r.json\[1\].keypoints: expected x, y, score"),
        ({"image_id": 1}, r"r.json\[1\].keypoints: expected x, y, score"),
        ({"image_id": 1, "keypoints": ["a"]}, r"r.json\[1\].keypoints: expected real numbers"),
        (5, r"r.json\[1\].image_id"),
    ],
)
def test_a_wrong_entry_of_coco_results_is_named(tmp_path, entry, message):
    good = {"image_id": 1, "keypoints": [1, 2, 3]}
    with pytest.raises(ValueError, match=message):
        read_people(write(tmp_path / "r.json", [good, entry]))


def test_views_without_a_common_image_are_named():
    views = [{"cam0_0": 1, "cam0_1": 2}, {"cam1_0": 3}, {}]
    message = r"in two files, for the same time, got none \(a: 'cam0_0', b: 'cam1_0', c: None\)"
    with pytest.raises(ValueError, match="image_id: expected one that is " + message):
        match_images(["a", "b", "c"], views)
    assert match_images(["a", "b"], [{3: 1, 1: 1}, {1: 2, 2: 2}]) == [3, 1, 2]
    assert match_images(["a", "b"], [{}, {}]) == []


@pytest.mark.parametrize("entry", [
    {"image_id": [[1] * 1000]}, {"image_id": 1, "keypoints": [10**400, 1, 1]},
    {"image_id": 1, "keypoints": [[1], [2, 3]]}, {"image_id": 1, "keypoints": None},
    {"image_id": 1, "keypoints": [1, 2, 3], "score": 10**400},
    {"image_id": 1, "keypoints": [1, 2, 3], "score": "high"},
], ids=repr)  # fmt: skip
def test_hostile_entries_get_a_short_message_with_their_field(tmp_path, entry):
    path = write(tmp_path / "r.json", [entry])
    with pytest.raises(ValueError, match=r"r.json\[0\]\.\w+: expected") as error:
        read_people(path)
    assert len(str(error.value)) < 400


def entry(image_id, **other):
    return {"image_id": image_id, "keypoints": [1, 2, 3], **other}


def test_numbers_in_names_are_ordered_by_value(tmp_path):
    names = ["10.jpg", "9.jpg", "cam2_1", "cam10_0", "cam2_11", 3, 12]
    path = write(tmp_path / "r.json", [entry(name) for name in names])
    expected = [3, 12, "9.jpg", "10.jpg", "cam2_1", "cam2_11", "cam10_0"]
    assert list(read_people(path)) == expected


def test_ids_that_pandas_wrote_are_integers(tmp_path):
    people = read_people(write(tmp_path / "r.json", [entry(2.0), entry(2), entry(1.0)]))
    assert list(people) == [1, 2] and len(people[2]) == 2
    assert all(type(image_id) is int for image_id in people)
    for other in (0.5, True, None, [1]):
        with pytest.raises(ValueError, match=r"r.json\[0\].image_id: expected an integer or text"):
            read_people(write(tmp_path / "r.json", [entry(other)]))
    (tmp_path / "r.json").write_text('[{"image_id": NaN}]', encoding="utf-8")
    with pytest.raises(ValueError, match=r"r.json\[0\].image_id: expected .*, got nan"):
        read_people(tmp_path / "r.json")


@pytest.mark.parametrize("other, identity", [
    ({"track_id": 5}, 5), ({"track_id": 5.0, "idx": 3}, 5), ({"idx": [2.0]}, 2), ({}, -1),
    ({"track_id": "a"}, -1), ({"track_id": -3}, -1), ({"idx": 2**63}, -1), ({"idx": [1, 2]}, -1),
    ({"track_id": None}, -1), ({"track_id": True}, -1),
])  # fmt: skip
def test_ids_of_people_are_the_identities_of_the_file(tmp_path, other, identity):
    people = read_people(write(tmp_path / "r.json", [entry(0, **other)]))
    assert people[0].ids.tolist() == [identity]


def test_a_photo_of_predict_is_read_with_coco_keypoints(tmp_path, rng):
    keypoints = rng.uniform(0, 99, (2, 18, 2))
    keypoints[0, 3] = np.nan
    poses = Poses(keypoints, rng.uniform(0.1, 1, (2, 18)), [0.5, 0.25])
    people = read_photo(write(tmp_path / "p.json", poses.to_dict(OPENPOSE_18)))
    expected = poses.convert(OPENPOSE_18, COCO_17)
    np.testing.assert_array_equal(people.keypoints, expected.keypoints)
    np.testing.assert_array_equal(people.scores, expected.scores)
    assert people.person_scores.tolist() == [0.5, 0.25] and people.ids.tolist() == [-1, -1]
    nobody = read_photo(write(tmp_path / "p.json", Poses.empty(17).to_dict(COCO_17)))
    assert nobody.keypoints.shape == (0, 17, 2)
    for other in ([], [[1, 2]], {}, {"images": []}):
        assert read_photo(write(tmp_path / "p.json", other)) is None
    assert read_photo("p.npy") is None


@pytest.mark.parametrize(
    "content, message",
    [
        ({"people": 3}, "p.json: people: expected a list, got 3"),
        ({"people": [3]}, r"p.json: people\[0\].keypoints: expected keypoints by name, got None"),
        ({"people": [{"keypoints": []}]}, r"people\[0\].keypoints: expected keypoints by name"),
        ({"people": [{"keypoints": {"nose": [1, 2]}}]}, r"\[0\].keypoints.nose: expected shape"),
        ({"people": [{"keypoints": {"nose": [1, 2, "a"]}}]}, r"\[0\].keypoints.nose: expected"),
        ({"people": [{"keypoints": {}, "score": "a"}]}, r"people\[0\].score: expected"),
    ],
)
def test_a_wrong_entry_of_a_photo_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_photo(write(tmp_path / "p.json", content))


def test_a_photo_in_place_of_results_is_named(tmp_path):
    path = write(tmp_path / "p.json", Poses.empty(17).to_dict(COCO_17))
    assert read_people(path) is None
    with pytest.raises(ValueError, match="got the people of one photo; results.json has those"):
        read_keypoints(path)
    with pytest.raises(ValueError, match="or COCO results, got COCO annotations"):
        read_keypoints(write(tmp_path / "p.json", {"images": [], "annotations": []}))
