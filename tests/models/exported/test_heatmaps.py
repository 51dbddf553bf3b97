import numpy as np

from npkpose import COCO_17
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.models.exported.heatmaps import Heatmaps
from npkpose.onnx import Value
from npkpose.pipeline import TopDown


def test_maps_are_decoded_by_the_pipeline(network):
    points = np.random.default_rng(0).uniform(3, 12, (17, 2))
    net = network(Heatmaps, {"y": gaussian_heatmaps(points, (16, 16))[None]})
    assert net.skeleton is COCO_17 and net.grid.convention == "index"
    poses = TopDown(net, flip=False, padding=1.0)(np.zeros((64, 64, 3), np.uint8))
    np.testing.assert_allclose(poses.keypoints[0], 4 * points, atol=0.05)


def test_the_name_of_the_input_or_file_tells_the_grid_of_vitpose(network):
    maps = {"heatmaps": np.zeros((1, 17, 16, 16))}
    named = network(Heatmaps, maps, name="vitpose-s-coco.onnx")
    assert named.grid.convention == "corner" and TopDown(named).refine == "dark_udp"
    chosen = network(Heatmaps, maps, convention="centre", refine="quarter")
    assert chosen.grid.convention == "centre" and TopDown(chosen).refine == "quarter"


def test_the_second_input_of_vitpose_plus_says_whose_keypoints_it_finds(network):
    net = network(Heatmaps, {"y": np.zeros((1, 17, 16, 16))}, dataset=3)
    net.session.inputs.append(Value("dataset_index", "int64", ("batch",)))
    net(np.zeros((1, 3, 64, 64), np.float32))
    (index,) = net.session.others
    assert index.tolist() == [3] and index.dtype == np.int64
