import itertools

import numpy as np
import pytest

from npkpose import COCO_17, OPENPOSE_18
from npkpose.image.palettes import (
    LEFT,
    MIDDLE,
    OKABE_ITO,
    RIGHT,
    id_colours,
    keypoint_colours,
    map_colours,
    side_colours,
)

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", TVCG 2009, severity 1: what the blind for red, and for green, see of linear RGB.
SEEN = {
    "all": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}  # fmt: skip


def lab(rgb, matrix):
    """Return CIE L*a*b* of colours in 0..255 that pass through a matrix of linear RGB."""
    rgb = np.asarray(rgb) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = (linear @ np.transpose(matrix)).clip(0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.transpose(to_xyz) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]),
                     200 * (f[..., 1] - f[..., 2])], axis=-1)  # fmt: skip


@pytest.mark.parametrize("sight", SEEN)
def test_colours_differ_for_all_kinds_of_colour_vision(sight):
    for palette, least in ((OKABE_ITO, 15), ([LEFT, RIGHT, MIDDLE], 25)):
        colours = lab(palette, SEEN[sight])
        gaps = [np.linalg.norm(a - b) for a, b in itertools.combinations(colours, 2)]
        assert min(gaps) > least  # 2.3 is just noticeable


@pytest.mark.parametrize("sight", SEEN)
def test_larger_values_are_lighter(sight):
    lightness = lab(map_colours(np.linspace(0, 1, 33)), SEEN[sight])[:, 0]
    assert (np.diff(lightness) > 0).all()


def test_values_have_the_colours_of_plasma():
    matplotlib = pytest.importorskip("matplotlib", reason="needs Matplotlib")
    plasma = 255 * matplotlib.colormaps["plasma"](np.arange(256))[:, :3]
    assert abs(map_colours(np.arange(256) / 255) - plasma).max() < 6
    np.testing.assert_array_equal(map_colours([-1.0, 2.0]), map_colours([0.0, 1.0]))


def test_the_colour_of_an_id_stays_and_21_differ():
    np.testing.assert_array_equal(id_colours([12, 3])[1], id_colours([3])[0])
    assert len(np.unique(id_colours(np.arange(21)), axis=0)) == 21
    np.testing.assert_array_equal(id_colours([-21, 21]), id_colours([0, 0]))
    assert keypoint_colours(COCO_17).shape == (17, 3)


@pytest.mark.parametrize("skeleton", [COCO_17, OPENPOSE_18])  # whose pairs differ in their order
def test_sides_have_one_colour_each(skeleton):
    for name, colour in zip(skeleton.keypoints, side_colours(skeleton)):
        side = LEFT if "left" in name else RIGHT if "right" in name else MIDDLE
        np.testing.assert_array_equal(colour, side)
