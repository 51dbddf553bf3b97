import numpy as np
import pytest

from npkpose.cli.main import main

pytest.importorskip("matplotlib", reason="figures need Matplotlib")


@pytest.fixture
def photo(tmp_path):
    from npkpose.image.files import write_image

    write_image(tmp_path / "me.png", np.zeros((48, 64, 3), np.uint8))
    return str(tmp_path / "me.png")


def test_a_page_is_written_for_our_own_network(photo, tmp_path, capsys, monkeypatch):
    def page(pipeline, image, name, box):
        return f"{type(pipeline.model).__name__} {image.shape} {name} {box}"

    monkeypatch.setattr("npkpose.explain.explain_page", page)  # tests/explain has the real one
    out = tmp_path / "page.html"
    box = ["--box", "1", "2", "30", "40"]
    assert main(["explain", photo, "--model", "topdown", *box, "--out", str(out)]) == 0
    seen = "SmallTopDown (48, 64, 3) me.png [1.0, 2.0, 30.0, 40.0]"
    assert out.read_text(encoding="utf-8") == seen
    assert "synthetic people only" in capsys.readouterr().err
    out.write_text("the user's own", encoding="utf-8")
    assert main(["explain", photo, "--model", "paf", "--out", str(out)]) == 1
    assert out.read_text(encoding="utf-8") == "the user's own"


@pytest.mark.parametrize("arguments, message", [
    (["--model", "nobody"], "--model: expected"),
    (["--model", "paf", "--box", "1", "1", "9", "9"], "--box: expected none"),
    (["--model", "topdown", "--height", "64"], "--height: expected none"),
    (["--model", "paf", "--out", "page.png"], "--out: expected a file ending in .html"),
])  # fmt: skip
def test_options_that_are_not_used_are_named(photo, capsys, arguments, message, monkeypatch):
    monkeypatch.chdir(photo.removesuffix("me.png"))
    assert main(["explain", photo, *arguments]) == 1
    assert message in capsys.readouterr().err
