import numpy as np
import pytest

from npkpose import BottomUp, TopDown
from npkpose.cli.finder import WholeImage
from npkpose.cli.predict_heatmaps import Heatmaps
from npkpose.models import HRNet
from tests.cli.test_predict import run
from tests.stubs import BrightNet


def bright():
    """Return a black image with a bright square of 16 pixels around (95.5, 47.5)."""
    image = np.zeros((100, 150, 3), np.uint8)
    image[40:56, 88:104] = 255
    return image


def drawn(pipeline, image):
    maps = Heatmaps(pipeline, "a network")
    pipeline(image)
    return maps.draw(image)


def changed_centre(image, shown):
    y, x = np.nonzero((image != shown).any(axis=2))
    return x.mean(), y.mean()


@pytest.mark.parametrize("fit, height", [("stretch", 96), ("pad", 100), ("pad", 400)])
def test_maps_of_a_whole_image_lie_over_what_they_see(fit, height):
    image, net = bright(), BrightNet()
    net.fit, net.darkest = fit, 0
    shown = drawn(BottomUp(net, height), image)
    np.testing.assert_allclose(changed_centre(image, shown), (95.5, 47.5), atol=1)


class Corner(HRNet):
    """A network whose every map has a value of 1 at its first pixel."""

    def __call__(self, x):
        maps = np.zeros((len(x), 17, x.shape[2] // 4, x.shape[3] // 4), np.float32)
        maps[:, :, 0, 0] = 1
        return maps


def test_maps_of_crops_lie_over_their_boxes():
    image, find = bright(), TopDown(Corner(4, modules=(1, 1, 1), blocks=1), padding=1.0)
    maps = Heatmaps(find, "a network")
    find(image, [(20, 10, 50, 50), (80, 40, 110, 80)])  # of the network's aspect
    y, x = np.nonzero((maps.draw(image) != image).any(axis=2))
    for left, top in ((20, 10), (80, 40)):
        near = (abs(x - left) < 3) & (abs(y - top) < 3)
        assert near.any()
        x, y = x[~near], y[~near]
    assert len(x) == 0


def test_a_photo_has_one_image_more_and_no_name_twice(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    for name in ("a.png", "a-heatmaps.png"):
        write_image(tmp_path / name, bright())
    out = tmp_path / "out"
    arguments = "--heatmaps", "--out", out, tmp_path / "a.png", tmp_path / "a-heatmaps.png"
    assert run(*arguments) == 0
    assert sorted(path.stem for path in out.glob("*.png")) == [
        "a", "a-heatmaps", "a-heatmaps-2", "a-heatmaps-2-heatmaps"]  # fmt: skip
    (out / "a-heatmaps.png").write_bytes(b"mine")
    with pytest.raises(ValueError, match="expected a new file or one that npkpose wrote"):
        run(*arguments)


def test_a_network_without_heatmaps_and_a_video_are_refused():
    with pytest.raises(ValueError, match="--heatmaps: expected none, since movenet gives keypoint"):
        Heatmaps(WholeImage(None), "movenet")
    with pytest.raises(ValueError, match="--heatmaps: expected photos only, got the video a.mp4"):
        run("--heatmaps", "a.mp4")
