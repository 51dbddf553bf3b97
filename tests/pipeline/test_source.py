import pathlib

import numpy as np
import pytest

from npkpose.models import HRNet
from npkpose.pipeline.bottomup import BottomUp
from npkpose.pipeline.source import is_batch, load_image, per_image
from npkpose.pipeline.topdown import TopDown

IMAGE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


@pytest.mark.parametrize(("image", "several"), [
    (IMAGE, False), ("a.png", False), (pathlib.Path("a.png"), False), (7, False), (None, False),
    (IMAGE[None], True), ([IMAGE], True), (("a.png", IMAGE), True), ([], True),
])
def test_one_image_or_several(image, several):
    assert is_batch(image) == several


def test_a_path_is_read_and_an_array_is_returned(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    write_image(tmp_path / "a.png", IMAGE)
    for source in (IMAGE, tmp_path / "a.png", str(tmp_path / "a.png")):
        np.testing.assert_array_equal(load_image(source), IMAGE)


@pytest.mark.parametrize("pipeline", [TopDown, BottomUp])
@pytest.mark.parametrize("model", [None, "hrnet-w32", HRNet, object()])
def test_what_is_no_network_is_refused(pipeline, model):
    with pytest.raises(ValueError, match="model: expected a network with "):
        pipeline(model)


def test_each_image_gets_its_item():
    assert per_image("boxes", None, 2) == [None, None]
    assert per_image("boxes", ("a", "b"), 2) == ["a", "b"]
    with pytest.raises(ValueError, match="boxes: expected an item for each of 2 images, got 1"):
        per_image("boxes", ["a"], 2)
    with pytest.raises(ValueError, match="boxes: expected an item for each of 2 images, got 7"):
        per_image("boxes", 7, 2)


@pytest.mark.parametrize("image", [IMAGE[0], IMAGE * 1.0, IMAGE[:0], 7, None])
def test_anything_else_is_refused(image):
    with pytest.raises(ValueError, match=r"image: expected (shape \(H, W, 3\) of uint8|real numb)"):
        load_image(image)
