import numpy as np
import pytest

from npkpose.models.mesh.pymaf_body import (
    FOCAL,
    Mesh,
    MeshData,
    PosedBody,
    Start,
    pretrained_start,
    project,
    project_backward,
    upright,
)
from npkpose.space.body import tube_body
from npkpose.space.rotations import six_d_to_matrix

BODY = tube_body(np.random.default_rng(0))
V = len(BODY.template)
MEANS = np.random.default_rng(1).dirichlet(np.ones(V), 9)
DATA = MeshData(BODY, np.arange(21) * 7 % 50, MEANS, np.eye(V)[:5])  # two vertices picked twice


def random_numbers(count, seed=0):
    rng = np.random.default_rng(seed)
    camera = np.concatenate([rng.uniform(0.5, 1.5, (count, 1)), rng.normal(size=(count, 2))], 1)
    return camera, rng.normal(size=(count, 10)), rng.normal(size=(count, 144))


def test_a_point_worked_by_hand():
    # The body is F metres away at scale 1, and a point F metres behind it twice as far.
    points = np.array([[(0, 0, 0), (0.5, -0.25, 0), (0.5, -0.25, FOCAL)]])
    pixels = project(points, np.array([[1, 0.25, 0.5]]))
    wanted = [(0.25, 0.5), (0.75, 0.25), (0.375, 0.125)]
    np.testing.assert_allclose(pixels, [wanted], atol=1e-9)


def test_the_projection_is_nearly_a_weak_perspective():
    rng = np.random.default_rng(0)
    points, camera = rng.uniform(-1, 1, (3, 20, 3)), random_numbers(3)[0]
    weak = camera[:, :1, None] * (points[..., :2] + camera[:, None, 1:])
    np.testing.assert_allclose(project(points, camera), weak, rtol=0.04, atol=0)


def test_upright_is_a_body_whose_head_is_up_in_an_image():
    start = upright()
    turn = six_d_to_matrix(start.pose.reshape(24, 6))
    np.testing.assert_array_equal(turn[0], np.diag([1.0, -1, -1]))
    np.testing.assert_array_equal(turn[1:], np.tile(np.eye(3), (23, 1, 1)))
    mesh = PosedBody(DATA).forward(*(part[None] for part in start))
    head, feet = mesh.joints[0, 15, 1], mesh.joints[0, 10:12, 1]
    assert head < feet.min()  # y goes down
    np.testing.assert_allclose(mesh.theta()[0, 13:16], [np.pi, 0, 0], atol=1e-6)
    assert mesh.theta().shape == (1, 85)
    stored = {f"regressor.0.init_{k}": v[None] for k, v in zip(("cam", "shape", "pose"), start)}
    assert all((a == b).all() for a, b in zip(pretrained_start(stored), start))
    assert pretrained_start({}) is None and isinstance(start, Start)


def test_keypoints_are_joints_picked_vertices_and_means():
    mesh = PosedBody(DATA, np.float64).forward(*random_numbers(2))
    every = [mesh.joints, mesh.vertices[:, DATA.picked], MEANS @ mesh.vertices]
    every = np.concatenate(every, axis=1)
    np.testing.assert_array_equal(mesh.keypoints_3d, every[:, list(DATA.keypoints)])
    assert mesh.keypoints_2d.shape == (2, 49, 2)


@pytest.mark.parametrize("index", range(3))
def test_gradients_are_those_of_central_differences(index):
    body, numbers = PosedBody(DATA, np.float64), random_numbers(2)
    rng, eps = np.random.default_rng(2), 1e-6
    probes = Mesh(*(rng.normal(size=part.shape) for part in body.forward(*numbers)))
    exact = body.backward(probes)[index]
    step = rng.normal(size=exact.shape)

    def loss(sign):
        moved = [a + sign * eps * step if i == index else a for i, a in enumerate(numbers)]
        return sum((part * probe).sum() for part, probe in zip(body.forward(*moved), probes))

    np.testing.assert_allclose((exact * step).sum(), (loss(1) - loss(-1)) / (2 * eps), rtol=1e-6)


@pytest.mark.parametrize("field", Mesh._fields)
def test_the_gradient_of_one_field_is_that_of_all_fields_with_zeros_elsewhere(field):
    body = PosedBody(DATA, np.float64)
    mesh = body.forward(*random_numbers(1))
    probe = np.random.default_rng(3).normal(size=getattr(mesh, field).shape)
    zeros = Mesh(*(np.zeros(part.shape) for part in mesh))
    full = body.backward(zeros._replace(**{field: probe}))
    for got, wanted in zip(body.backward(Mesh(**{field: probe})), full):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-9 * max(1, abs(wanted).max()))


def test_the_gradient_of_a_projection_is_right():
    rng, eps = np.random.default_rng(0), 1e-6
    points, camera = rng.normal(size=(2, 5, 3)), random_numbers(2)[0]
    dpixels = rng.normal(size=(2, 5, 2))
    steps = rng.normal(size=points.shape), rng.normal(size=camera.shape)
    above, below = (
        project(points + sign * steps[0], camera + sign * steps[1]) for sign in (eps, -eps)
    )
    exact = project_backward(points, camera, dpixels)
    along = sum((gradient * step).sum() for gradient, step in zip(exact, steps))
    slope = ((above - below) * dpixels).sum() / (2 * eps)
    np.testing.assert_allclose(along, slope, rtol=1e-7)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"picked": [V]}, rf"picked: expected numbers in \[0, {V}\), got \[{V}\]"),
        ({"keypoints": [54]}, r"keypoints: expected numbers in \[0, 54\), got \[54\]"),
        ({"means": np.ones((9, 3))}, r"means: expected shape \(E, 414\), got \(9, 3\)"),
        ({"sampling": np.ones(3)}, r"sampling: expected shape \(M, 414\), got \(3,\)"),
    ],
)
def test_bad_data_is_named(changed, message):
    with pytest.raises(ValueError, match=message):
        PosedBody(DATA._replace(**changed))


def test_bad_numbers_are_named():
    camera, shape, pose = random_numbers(2)
    with pytest.raises(ValueError, match=r"camera: expected shape \(2, 3\), got \(1, 3\)"):
        PosedBody(DATA).forward(camera[:1], shape, pose)
    with pytest.raises(ValueError, match=r"pose: expected shape \(2, 144\), got \(2, 72\)"):
        PosedBody(DATA).forward(camera, shape, pose[:, :72])
