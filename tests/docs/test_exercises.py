"""The answers to the exercises of the book: each chapter of docs/book shows its test."""

import math

import numpy as np
import pytest

from npkpose import (
    COCO_17,
    Grid,
    Skeleton,
    decode_heatmaps,
    gaussian_heatmap,
    gaussian_heatmaps,
    limb_scores,
    nn,
    oks,
    paf_fields,
    tag_loss,
    tag_targets,
    triangulate,
)
from npkpose.onnx.graph import Graph, Node, Value
from npkpose.space.camera import Camera
from npkpose.tracking import OneEuroFilter


def test_01_the_sum_of_a_heatmap_in_the_middle_and_in_the_corner():
    sigma = 2.0
    along_axis = math.sqrt(2 * math.pi) * sigma  # the integral of one factor
    middle = gaussian_heatmap(64, 30.3, 31.8, sigma)
    assert middle.sum() == pytest.approx(along_axis**2, rel=1e-5)
    corner = gaussian_heatmap(64, 0, 0, sigma)  # half of each factor, and half of its pixel 0
    assert corner.sum() == pytest.approx(((along_axis + 1) / 2) ** 2, rel=1e-5)


def test_02_quarter_is_worse_within_an_eighth_of_a_pixel():
    t = np.linspace(0.01, 0.49, 49)  # by symmetry, half of all keypoints
    points = np.stack([10 + t, np.full(49, 10.0)], axis=1)[:, None]
    maps = gaussian_heatmaps(points, 21)
    plain, quarter = (
        abs(decode_heatmaps(maps, refine)[0] - points)[:, 0, 0] for refine in ("argmax", "quarter")
    )
    assert np.array_equal(quarter > plain, t < 1 / 8)  # |t - 1/4| > t: a quarter of all


def test_03_a_layer_of_ones_own_passes_the_gradient_check():
    class SiLU(nn.Module):
        def forward(self, x):
            s = 1 / (1 + np.exp(-x))
            self.save_for_backward(x, s)
            return x * s

        def backward(self, dy):
            x, s = self.saved()
            return dy * (s + x * s * (1 - s))

    rng = np.random.default_rng(0)
    nn.check_layer(SiLU(), rng.normal(size=(2, 3, 4)), rng)


def test_04_the_loss_of_a_network_that_returns_zero():
    heatmap = gaussian_heatmaps([[32.0, 32.0]], 64, sigma=2.0)[None]
    loss, _ = nn.mse_loss(np.zeros_like(heatmap), heatmap)
    # h^2 is a Gaussian with sigma / sqrt(2), whose sum is 2 pi sigma^2 / 2: a loss of 0.003
    assert loss == pytest.approx(math.pi * 2.0**2 / 64**2, rel=1e-4)


def test_05_the_tiles_with_the_fewest_loads():
    def best(registers):
        tiles = [(p, v) for p in range(1, 33) for v in range(1, 33) if p * v + v + 1 <= registers]
        return min(tiles, key=lambda tile: sum(tile) / math.prod(tile))

    assert best(32) == (5, 5)  # 10 loads for 25
    assert best(16) == (4, 3)  # 7 loads for 12


def test_06_a_wrong_convention_moves_every_keypoint():
    keypoints = np.array([[[101.3, 57.8], [20.0, 33.3]]])
    maps = gaussian_heatmaps(keypoints, (32, 48), grid=Grid(4, "centre"))
    wrong, _ = decode_heatmaps(maps, grid=Grid(4, "index"))
    # 4 m instead of 4 (m + 1/2) - 1/2: 1.5 pixels too far left and too high
    np.testing.assert_allclose(wrong - keypoints, np.full((1, 2, 2), -1.5), atol=1e-3)


def test_07_the_integral_backwards_and_across():
    arm = Skeleton("ARM", ("shoulder", "hand"), ((0, 1),))
    shoulder, hand = [[10.0, 20.0]], [[50.0, 20.0]]
    field = paf_fields([[shoulder[0], hand[0]]], arm, 60)
    assert limb_scores(field, shoulder, hand)[0] == pytest.approx(1)
    assert limb_scores(field, hand, shoulder)[0] == pytest.approx(-1)
    assert limb_scores(field, [[30.0, 10.0]], [[30.0, 30.0]])[0] == pytest.approx(0)


def test_08_pull_and_push_of_two_people():
    people = np.array([[[5.0, 5.0], [5.0, 15.0]], [[15.0, 5.0], [15.0, 15.0]]])
    tags = np.zeros((2, 20, 20))
    tags[:, :, 10:] = 1  # of the second person
    pull, push, _ = tag_loss(tags, tag_targets(people, 20))
    assert pull == 0
    assert push == pytest.approx(math.exp(-1) / 2)  # two ordered pairs over 2 * 2 * 1


def test_09_the_distance_of_a_wrist_at_half_similarity():
    sigma, area = COCO_17.sigmas[COCO_17.keypoints.index("left_wrist")], 100.0 * 100.0
    distance = 2 * sigma * math.sqrt(2 * area * math.log(2))
    assert distance == pytest.approx(14.6, abs=0.05)  # pixels
    assert oks([[[distance, 0]]], [[[0, 0]]], [area], [sigma])[0, 0] == pytest.approx(0.5)


def test_10_two_values_of_a_chain_are_alive_at_a_time():
    nodes = [Node("Relu", (f"v{i}",), (f"v{i + 1}",)) for i in range(10)]
    ends = [Value(name, "float32", None) for name in ("v0", "v10")]
    graph = Graph(nodes, ends[:1], ends[1:], {})
    alive, most = {"v0"}, 0
    for node, freed in zip(graph.nodes, graph.freed):
        alive |= set(node.outputs)  # the input is freed when the output has been written
        most = max(most, len(alive))
        alive -= set(freed)
    assert most == 2 and alive == {"v10"}


def test_11_a_low_cutoff_lags_for_half_a_second():
    smooth = OneEuroFilter(fps=30, min_cutoff=1, beta=0)
    values = [float(smooth(x)) for x in [0.0] + 20 * [1.0]]
    frames = next(t for t, y in enumerate(values) if y >= 0.9)
    a = 1 / (1 + 30 / (2 * math.pi))  # 0.17: what is left after n frames is (1 - a)^n
    assert frames == math.ceil(math.log(0.1) / math.log(1 - a)) == 13


def test_12_a_pixel_of_disparity_is_a_depth():
    baseline, focal, depth = 200.0, 1000.0, 4000.0
    cameras = [Camera(np.eye(3), (-x, 0, 0), (focal, focal), (960, 540)) for x in (0, baseline)]
    pixels = np.stack([camera.project(np.array([0.0, 0.0, depth])) for camera in cameras])
    pixels[0, 0] -= 1
    error = triangulate(pixels, cameras, refine=False).points[2] - depth
    # depth = focal baseline / disparity, of 50 pixels; with 49 it is 82 mm more
    assert error == pytest.approx(focal * baseline / 49 - depth, rel=1e-4)
