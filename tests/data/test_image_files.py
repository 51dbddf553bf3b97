import os

import pytest

from npkpose.data.image_files import find_images


@pytest.fixture
def folder(tmp_path):
    for path in ("a.jpg", "train/a.jpg", "train/b.jpg", "val/b.jpg", "val/c.jpg"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name, found", [
    ("a.jpg", "a.jpg"),
    ("train/a.jpg", "train/a.jpg"),
    ("train\\a.jpg", "train/a.jpg"),
    ("data/images/a.jpg", "a.jpg"),
    ("/home/somebody/data/a.jpg", "a.jpg"),
    ("C:\\data\\a.jpg", "a.jpg"),
    ("c.jpg", "val/c.jpg"),
    ("/data/val/b.jpg", "val/b.jpg"),
    ("./train/./b.jpg", "train/b.jpg"),
    ("b.jpg", None),  # in two folders
    ("d.jpg", None),
    ("train", None),
    ("", None),
    ("..", None),
    ("a\0.jpg", None),
])  # fmt: skip
def test_an_image_is_found_by_its_path_or_by_its_base_name(folder, name, found):
    path, = find_images(folder, [name])
    assert (path and path.relative_to(folder).as_posix()) == found


def test_no_file_outside_the_folder_is_found(folder):
    (folder.parent / "secret.jpg").write_text("", encoding="utf-8")
    inside = folder / "train"
    names = ["../val/c.jpg", "../../secret.jpg", str(folder / "val" / "c.jpg")]
    assert find_images(inside, names) == [None] * 3
    assert find_images(inside, ["../b.jpg"]) == [inside / "b.jpg"]


@pytest.mark.skipif(os.sep == "\\", reason="no name can have a backslash")
def test_a_name_that_has_a_backslash_is_found_first(folder):
    (folder / "train\\a.jpg").write_text("", encoding="utf-8")
    assert find_images(folder, ["train\\a.jpg"]) == [folder / "train\\a.jpg"]
