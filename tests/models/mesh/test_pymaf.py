import importlib.util
import json
import pathlib

import numpy as np
import pytest

from npkpose import nn
from npkpose.models.mesh.pymaf import IUV, Output, PyMAF
from npkpose.models.mesh.pymaf_body import KEYPOINTS_49, Mesh, MeshData, upright
from npkpose.nn.batchnorm import freeze_statistics
from npkpose.space.body import tube_body

FIXTURES = pathlib.Path(__file__).resolve().parents[3].parent / "shared" / "fixtures"
WIDTHS, BLOCKS = (2, 8, 16), (1, 2, 1, 1)
FIELDS = {
    "pred_cam": "camera", "pred_shape": "shape", "pred_pose": "pose", "rotmat": "rotations",
    "verts": "vertices", "smpl_kp_3d": "joints", "kp_3d": "keypoints_3d", "kp_2d": "keypoints_2d",
}  # fmt: skip


def tubes(points=7, seed=0):
    """A small body with all that PyMAF needs."""
    rng = np.random.default_rng(seed)
    body = tube_body(rng)
    V = len(body.template)
    means, sampling = (rng.dirichlet(np.ones(V), count) for count in (9, points))
    return MeshData(body, rng.integers(0, V, 21), means, sampling)


def small(seed=1):
    """A network of few channels, with steps large enough to measure and without dropout."""
    net = PyMAF(tubes(), None, WIDTHS, BLOCKS, rng=np.random.default_rng(seed))
    for regressor in net.regressor:
        regressor.drop1.p = regressor.drop2.p = 0.0
        for layer in (regressor.deccam, regressor.decshape, regressor.decpose):
            layer.params["weight"] *= 20
    return net


@pytest.fixture(scope="module")
def official():
    """The official implementation's outputs, its weights and its input."""
    if not (FIXTURES / "pymaf.npz").is_file():
        pytest.skip("needs ../shared/fixtures: outputs of the official implementations")
    spec = importlib.util.spec_from_file_location("named_weights", FIXTURES / "named_weights.py")
    named = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(named)
    with np.load(FIXTURES / "pymaf.npz") as stored:
        numbers = {name: stored[name] for name in stored.files}
    shapes = json.loads((FIXTURES / "pymaf.shapes.json").read_text(encoding="utf-8"))
    state = {name: named.named_array(name, shape) for name, shape in shapes.items()}
    for name in state:
        if ".dec" in name:
            state[name] *= np.float32(numbers["dec_scale"])
    return numbers, state, named.named_input("pymaf", tuple(numbers["input_shape"]))


def checkpoint(numbers, state):
    """The weights, and the constants that the authors' checkpoint holds beside them."""
    smpl = {
        "v_template": "v_template", "shapedirs": "shapedirs", "posedirs": "posedirs",
        "J_regressor": "J_regressor", "lbs_weights": "lbs_weights", "parents": "parents",
        "faces_tensor": "faces", "J_regressor_extra": "J_regressor_extra",
        "vertex_joint_selector.extra_joints_idxs": "vertex_joint_ids",
    }  # fmt: skip
    constants = {"points_grid": numbers["points_grid"]}
    for i in range(3):
        constants[f"maf_extractor.{i}.Dmap"] = numbers["body/Dmap"]
        for name in ("pose", "shape", "cam"):
            constants[f"regressor.{i}.init_{name}"] = numbers[f"init/init_{name}"]
        for name, ours in smpl.items():
            constants[f"regressor.{i}.smpl.{name}"] = numbers[f"body/{ours}"]
    return state | constants


def test_every_iteration_is_the_official_one(official):
    numbers, state, x = official
    net = PyMAF.from_pretrained(checkpoint(numbers, state)).eval()
    assert {name: array.shape for name, array in net.state_dict().items()} == {
        name: np.shape(array) for name, array in state.items()
    }
    meshes, iuv = net(x)
    assert len(meshes) == 4 and iuv is None
    assert KEYPOINTS_49 == tuple(numbers["body/joint_map"])
    for k, mesh in enumerate(meshes):
        for name, field in FIELDS.items():
            wanted = numbers[f"iter{k}/{name}"]
            got = getattr(mesh, field)
            assert got.dtype == np.float32
            np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5 * abs(wanted).max())
        np.testing.assert_allclose(mesh.theta(), numbers[f"iter{k}/theta"], rtol=0, atol=1e-5)


def test_the_number_of_parameters_is_the_published_one():
    assert PyMAF(tubes(431)).num_parameters() == 45_168_512


def test_outputs_and_gradients_of_a_small_network_are_pytorchs(rng):
    """The loss depends on every field of every mesh, and on the score maps."""
    torch = pytest.importorskip("torch")
    reason = "benchmarks/ is not beside the package"
    torch_pymaf = pytest.importorskip("benchmarks.torch_pymaf", reason=reason)
    torch.set_num_threads(1)
    net = freeze_statistics(small().train().astype(np.float64))
    peer = torch_pymaf.PyMAF(tubes(), net.start, WIDTHS, BLOCKS).double().eval()
    peer.load_state_dict({k: torch.from_numpy(a) for k, a in net.state_dict().items()})
    x = rng.normal(size=(2, 3, 64, 64))
    x_peer = torch.from_numpy(x).requires_grad_()
    (meshes, iuv), (wanted, iuv_wanted) = net(x), peer(x_peer)
    for mesh, twin in zip(meshes, wanted):
        for name, array in mesh._asdict().items():
            np.testing.assert_allclose(array, twin[name].detach(), rtol=0, atol=1e-9)
    dmeshes = [Mesh(*(rng.normal(size=array.shape) for array in mesh)) for mesh in meshes]
    diuv = IUV(*(rng.normal(size=part.shape) for part in iuv))
    twins = [part for twin in wanted for part in twin.values()] + iuv_wanted
    probes = [part for dmesh in dmeshes for part in dmesh] + list(diuv)
    sum((a * torch.from_numpy(b)).sum() for a, b in zip(twins, probes)).backward()
    assert_close(net.backward(Output(dmeshes, diuv)), x_peer.grad, "x")
    gradients = dict(net.named_gradients())
    assert gradients.keys() == {name for name, _ in peer.named_parameters()}
    for name, parameter in peer.named_parameters():
        assert_close(gradients[name], parameter.grad, name)


def assert_close(got, wanted, name):
    atol = 1e-8 * max(1e-3, float(abs(wanted).max()))
    np.testing.assert_allclose(got, wanted.numpy(), rtol=0, atol=atol, err_msg=name)


def test_the_gradient_of_an_output_that_the_loss_ignores_is_zero(rng):
    net = small().train()
    x = rng.normal(size=(1, 3, 32, 32)).astype(np.float32)
    meshes, iuv = net(np.concatenate([x, -x]))
    whole = Mesh(keypoints_2d=np.ones((2, 49, 2), np.float32))
    net.backward(Output([None, None, whole, None]))
    gradients = dict(net.named_gradients())
    assert not any(name.startswith("dp_head") for name in gradients)
    assert not gradients["regressor.0.fc1.weight"].any()
    assert not gradients["maf_extractor.2.conv1.weight"].any()
    assert gradients["regressor.1.fc1.weight"].any()
    assert iuv.u.shape == iuv.part.shape == (2, 25, 8, 8) and iuv.annotated.shape == (2, 15, 8, 8)


def test_two_meshes_are_overfitted(rng):
    """Vertices of every iteration become at least 2.8 times as near as those of the start."""
    net, target = small().train(), small(2)
    x = rng.normal(size=(2, 3, 32, 32)).astype(np.float32)
    pose = upright().pose + rng.normal(0, 0.2, (2, 144))
    truth = target._body.forward(np.tile([0.9, 0.1, 0], (2, 1)), rng.normal(size=(2, 10)), pose)
    optimizer, distances = nn.Adam(net, 3e-3), []
    for _ in range(80):
        meshes, _ = net(x)
        errors = [mesh.vertices - truth.vertices for mesh in meshes]
        distances.append([np.linalg.norm(e, axis=-1).mean() for e in errors])
        net.backward(Output([None, *(Mesh(vertices=e / e.size * 100) for e in errors[1:])]))
        optimizer.step()
    assert max(distances[-1][1:]) < 0.35 * distances[0][0]
    assert distances[-1][0] == distances[0][0]


def test_images_of_a_batch_do_not_influence_each_other_and_a_batch_may_be_empty(rng):
    net = small().eval()
    x = rng.normal(size=(2, 3, 64, 32)).astype(np.float32)
    both, one = net(x).meshes[-1], net(x[1:]).meshes[-1]
    np.testing.assert_allclose(both.vertices[1:], one.vertices, atol=1e-5)
    assert net(x[:0]).meshes[-1].keypoints_2d.shape == (0, 49, 2)
    image = np.full((32, 64, 3), 255, np.uint8)
    np.testing.assert_allclose(net.preprocess(image)[0, 0], (1 - 0.485) / 0.229, atol=1e-6)


def test_dropout_acts_in_training_only(rng):
    net = PyMAF(tubes(), None, (2, 4, 16), (1, 1, 1, 1))
    x = rng.normal(size=(2, 3, 32, 32)).astype(np.float32)
    assert (net.train()(x).meshes[3].pose != net(x).meshes[3].pose).any()
    np.testing.assert_array_equal(net.eval()(x).meshes[3].pose, net(x).meshes[3].pose)


def test_bad_arguments_are_named():
    data = tubes()
    with pytest.raises(ValueError, match="widths: expected at least 1, got 0"):
        PyMAF(data, None, (1, 0, 1))
    with pytest.raises(ValueError, match="x: expected height and width in multiples of 32"):
        small()(np.zeros((1, 3, 32, 40), np.float32))
    with pytest.raises(ValueError, match="state: expected PyMAF's own checkpoint, got one without"):
        PyMAF.from_pretrained({})
    with pytest.raises(ValueError, match="missing: feature_extractor.conv1.weight"):
        small().load_state_dict({})
