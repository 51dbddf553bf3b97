import numpy as np
import pytest

from npkpose import COCO_17, BottomUp
from npkpose.models.published import configure
from npkpose.pipeline.fit import Stretched, can_pad, pad
from npkpose.weights.published import entries

SHAPE = 150, 400  # 512 x 1365.3, of which 1365 whole pixels fit into 22 x 64 = 1408


@pytest.mark.parametrize("convention", ["centre", "corner"])
def test_the_size_and_the_factor_are_mmposes(convention):
    """mmpose, `_get_multi_scale_size`: the shorter side is 512, the other ceil(side / 64) 64."""
    fit = pad(SHAPE, 512, 64, convention)
    assert fit.size == (512, 1408)
    ends = fit.to_image(np.array([[0, 0], [1407, 511]]))
    if convention == "corner":  # (w - 1) / 2 goes to (W - 1) / 2, by (512 - 1) / (150 - 1)
        half = 1407 / 2 / (511 / 149)
        np.testing.assert_allclose(ends, [[199.5 - half, 0], [199.5 + half, 149]], atol=1e-9)
    else:
        half = 1408 / 2 / (512 / 150)
        pixel = 0.5 / (512 / 150)
        np.testing.assert_allclose(ends[:, 0] + 0.5, [200 - half + pixel, 200 + half - pixel])
        np.testing.assert_allclose(ends[:, 1] + 0.5, [pixel, 150 - pixel])


@pytest.mark.parametrize("convention", ["centre", "corner"])
def test_a_dot_lies_where_the_points_say_and_beside_the_image_it_is_black(convention):
    image = np.full((90, 120, 3), 40, np.uint8)
    image[30:33, 80:83] = 255
    fit = pad(image.shape[:2], 128, 64, convention)
    x = fit.to_input(image)
    light = np.clip(x[..., 0] - 40.0, 0, None)
    rows, columns = np.mgrid[: x.shape[0], : x.shape[1]]
    centre = [(light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()]
    np.testing.assert_allclose(fit.to_image(np.array(centre)), (81, 31), atol=0.05)
    assert x.shape == (128, 192, 3) and not x[:, :8].any() and not x[:, -8:].any()


def test_long_images_are_stretched_and_stretching_has_both_edges():
    assert can_pad((20, 320)) and not can_pad((20, 321)) and not can_pad((1, 5))
    fit = Stretched((100, 50), (64, 64))
    np.testing.assert_allclose(fit.to_image(np.array([63.5, 63.5])), (49.5, 99.5))


class Tags:
    """A network of tags that sees one person, whose every keypoint is at one map pixel."""

    skeleton, stride, size_multiple, grouping = COCO_17, 2, 32, "tags"
    input_height, short_side = 512, True

    def eval(self):
        return self

    def preprocess(self, image):
        self.size = image.shape[:2]
        return np.float32(image[None, None, ..., 0])

    def __call__(self, x):
        h, w = x.shape[2] // 2, x.shape[3] // 2
        rows, columns = np.mgrid[:h, :w]
        peak = np.exp(-((columns - 50) ** 2 + (rows - 20) ** 2) / 8)
        return np.tile(np.float32(peak), (1, 17, 1, 1))

    def split(self, maps):
        return maps, np.zeros_like(maps)


@pytest.mark.parametrize("name", ["higherhrnet-w32", "higherhrnet-w32-udp"])
def test_a_point_of_higherhrnets_maps_goes_to_the_image_by_its_convention(name):
    model = configure(Tags(), entries()[name].preprocessing)
    image = np.zeros((64, 75, 3), np.uint8)
    poses = BottomUp(model, 128, flip=False)(image)
    assert model.size == (128, 192) and len(poses) == 1  # 75 x 2 = 150, and 42 are black
    if "udp" in name:  # the corners' centres coincide twice: map and input, input and image
        u, v = 50 * 191 / 95, 20 * 127 / 63
        point = (u - 95.5) / (127 / 63) + 37, (v - 63.5) / (127 / 63) + 31.5
    else:
        u, v = 2 * 50.5 - 21, 2 * 20.5  # pixels as areas, after the black border
        point = u / 2 - 0.5, v / 2 - 0.5
    np.testing.assert_allclose(poses.keypoints[0], np.tile(point, (17, 1)), atol=0.3)
    assert BottomUp(model).flip and not BottomUp(Tags()).flip
    published = BottomUp(model, 128, model.score_thresholds, flip=False)
    assert published.thresholds["fill_missing"] and len(published(image)) == 1
