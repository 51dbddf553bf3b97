import json

import numpy as np
import pytest

from npkpose import weights
from npkpose.models import HigherHRNet, HRNet, load_published, pretrained
from npkpose.models.lifting.simple_baseline_3d import Normalisation, Simple3D
from npkpose.models.published import configure, finds
from npkpose.pipeline import TopDown
from npkpose.weights.published import entries
from npkpose.weights.published.manifest import Entry

SIZES = (256, 192), (384, 288)
VARIANTS = {  # name: convention, refine, blur kernel
    "hrnet-w32": ("index", "quarter", 11),
    "hrnet-w32-384": ("index", "quarter", 11),
    "hrnet-w32-dark": ("index", "dark", 11),
    "hrnet-w32-384-dark": ("index", "dark", 17),
    "hrnet-w32-384-dark/mmpose-1.x": ("index", "dark", 11),
    "hrnet-w32-udp": ("corner", "dark_udp", 11),
    "hrnet-w32-384-udp": ("corner", "dark_udp", 17),
}


@pytest.fixture
def small(monkeypatch):
    """The networks of HRNet's and HigherHRNet's names are small ones now."""
    for name, row in pretrained.PRETRAINED.items():
        kind = HRNet if name.startswith("hrnet") else HigherHRNet
        if kind.__name__.lower() in name:
            build = lambda kind=kind: kind(4, modules=(1, 1, 1), blocks=1)  # noqa: E731
            monkeypatch.setitem(pretrained.PRETRAINED, name, row._replace(build=build))


@pytest.fixture
def hrnet_file(tmp_path):
    """A file of a small HRNet's weights, with the names of mmpose."""
    state = HRNet(4, modules=(1, 1, 1), blocks=1).state_dict()
    prefix = {True: "keypoint_head.", False: "backbone."}
    weights.save(tmp_path / "w.npz", {prefix["final" in n] + n: a for n, a in state.items()})
    return tmp_path / "w.npz"


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_of_hrnet_is_cropped_and_decoded_as_its_authors_do(small, hrnet_file, name):
    pipeline = TopDown(load_published(name, hrnet_file))
    convention, refine, kernel = VARIANTS[name]
    assert (pipeline.grid.convention, pipeline.refine, pipeline.blur_kernel) == VARIANTS[name]
    assert pipeline.model.input_size == SIZES["-384" in name]
    assert pipeline.flip and pipeline.padding == 1.25 and not pipeline.model.training


class Peaks:
    """A network whose maps show one point of the crop, in heatmap pixels, for every keypoint."""

    skeleton, stride = HRNet.skeleton, 4

    def __init__(self, point):
        self.point = point

    def eval(self):
        return self

    def preprocess(self, crops):
        return np.zeros((len(crops), 1, *crops.shape[1:3]), np.float32)

    def __call__(self, x):
        h, w = x.shape[2] // 4, x.shape[3] // 4
        rows, columns = np.mgrid[:h, :w]
        squared = (columns - self.point[0]) ** 2 + (rows - self.point[1]) ** 2
        return np.tile(np.float32(np.exp(-squared / 8)), (len(x), 17, 1, 1))


@pytest.mark.parametrize("name", [name for name in VARIANTS if "dark" in name or "udp" in name])
def test_a_point_of_the_map_goes_to_the_image_by_mmposes_formulas(name):
    """mmpose's `transform_preds`: scale and centre of the box; with UDP, the maps' last pixels."""
    settings = entries()[name].preprocessing
    u, v = 20.3, 31.8
    poses = TopDown(configure(Peaks((u, v)), settings), flip=False)(
        np.zeros((300, 400, 3), np.uint8), [(100, 40, 250, 240)]
    )
    H, W = settings["input_size"]
    height, width = 200 * 1.25, 150 * 1.25  # the box, enlarged; its shape is that of the crop
    h, w = (H // 4 - 1, W // 4 - 1) if "udp" in name else (H // 4, W // 4)
    x, y = u * width / w + 175 - width / 2, v * height / h + 140 - height / 2
    np.testing.assert_allclose(poses.keypoints[0], np.tile([x, y], (17, 1)), atol=0.02)


def test_the_height_of_higherhrnet_is_that_of_the_file():
    heights = {name: configure(Settable(), entries()[name].preprocessing).input_height
               for name in ("higherhrnet-w48", "higherhrnet-w48/official")}  # fmt: skip
    assert list(heights.values()) == [512, 640]


class Settable:
    """An object with any attributes."""


def test_the_simple_baseline_lifts_in_metres_with_the_statistics_of_its_training_set(tmp_path):
    net = Simple3D((17, 16), 8, rng=np.random.default_rng(0))
    weights.save(tmp_path / "w.npz", net.state_dict())
    found, x = load_published("simple3d", tmp_path / "w.npz"), np.full((2, 17, 2), 500.0)
    statistics = Normalisation(**entries()["simple3d"].preprocessing["normalisation"])
    np.testing.assert_array_equal(found.lift(x), net.eval().lift(x, statistics))
    with pytest.raises(ValueError, match="normalisation: expected .*Normalisation"):
        net.lift(x)


def test_exported_networks_get_the_skeleton_of_the_manifest(shared_data):
    path = shared_data / "pretrained" / "yolox_nano.onnx"
    if not path.exists():
        pytest.skip("needs ../shared/data: files that are not ours to ship")
    assert load_published("yolox-nano-person", path).finds == "boxes"
    with pytest.raises(ValueError, match="yolox_nano.onnx: expected a network of keypoints, got "):
        load_published("rtmpose-t-17", path)


def test_what_a_network_finds_is_known_before_it_is_loaded():
    kinds = {name: finds(entry) for name, entry in entries().items()}
    assert kinds["vitpose-b"] == kinds["rtmpose-m-26"] == "keypoints"
    assert kinds["rtmo-s"] == kinds["openpose-coco"] == "people"
    assert kinds["yolox-m-person"] == "boxes" and kinds["videopose3d-27-gt"] == "space"
    with pytest.raises(ValueError, match="use models.PyMAF"):
        load_published("pymaf", "w.pt")
    json.dumps([Entry._asdict(entry) for entry in entries().values()])
