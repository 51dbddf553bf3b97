import pytest

from npkpose.cli.photos import id_of_name, list_photos


@pytest.mark.parametrize("name, image_id", [
    ("000000000042.jpg", 42), ("a/7.png", 7), ("base.png", "base"), ("1.5.png", "1.5"),
    (f"{2**63 - 1}.png", 2**63 - 1), (f"{2**63}.png", str(2**63)),
    ("20240101123045123456.png", "20240101123045123456"), ("٣.png", "٣"), ("²", "²"), ("-1", "-1"),
])  # fmt: skip
def test_an_id_is_a_number_of_64_bits_or_text(name, image_id):
    assert id_of_name(name) == image_id and type(id_of_name(name)) is type(image_id)


def test_two_photos_of_one_name_do_not_overwrite_each_other():
    paths = ["a/x.jpg", "b/x.jpg", "x-2.jpg", "y.png", "results.png", "X.png", "Results.png"]
    photos, _ = list_photos(paths, id_of_name)
    names = [photo.name for photo in photos]
    assert names == ["x", "x-2", "x-2-2", "y", "results-2", "X-3", "Results-3"]


def test_photos_of_one_id_get_their_paths():
    photos, notes = list_photos(["a/1.png", "b/01.png", "2.png"], id_of_name)
    assert [photo.image_id for photo in photos] == ["a/1.png", "b/01.png", 2]
    assert notes == ["2 photos have the id 1: in results.json, image_id is their path"]


def test_a_photo_that_is_given_twice_is_one_photo():
    photos, notes = list_photos(["a/1.png", "a/./1.png", "2.png"], id_of_name)
    assert [photo.image_id for photo in photos] == [1, 2]
    assert notes == ["photos given twice: 1"]
