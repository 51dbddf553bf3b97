import pytest

from npkpose.sources.paths import is_video, list_files, parse_list


@pytest.fixture
def folder(tmp_path):
    for name in ("frame10.jpg", "frame2.JPG", "a.mp4", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "more.jpg").mkdir()
    return tmp_path


def names(paths, folder):
    return [path.removeprefix(f"{folder}/") for path in paths]


def test_a_folder_gives_its_images_and_videos_in_natural_order(folder):
    assert names(list_files(folder), folder) == ["a.mp4", "frame2.JPG", "frame10.jpg"]


def test_a_pattern_gives_the_images_and_videos_that_match(folder):
    assert names(list_files(f"{folder}/f*"), folder) == ["frame2.JPG", "frame10.jpg"]
    (folder / "f*").write_bytes(b"")
    assert list_files(f"{folder}/f*") == [f"{folder}/f*"]  # a file of that name comes first


def test_any_other_path_is_itself():
    assert list_files("none/photo.xyz") == ["none/photo.xyz"]


@pytest.mark.parametrize(
    ("pattern", "got"),
    [("", ". other files"), ("/notes.*", "1 other files"), ("/none*", "no file")],
)
def test_nothing_to_look_at_is_an_error(folder, pattern, got):
    for name in ("frame10.jpg", "frame2.JPG", "a.mp4"):
        (folder / name).unlink()
    with pytest.raises(ValueError, match=f"expected images or videos, got {got}"):
        list_files(f"{folder}{pattern}")


def test_a_list_is_looked_up_here_and_then_beside_itself(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "more.jpg" / "x.png").write_bytes(b"")
    lines = ["a.mp4\n", "\n", "x.png\r\n", "none.png"]
    assert parse_list(lines, "more.jpg/list.txt") == ["a.mp4", "more.jpg/x.png", "none.png"]
    assert parse_list(lines) == ["a.mp4", "x.png", "none.png"]


def test_a_video_is_known_by_its_suffix():
    assert is_video("a/B.MP4") and not is_video("mp4") and not is_video("a.mp4/b.png")
