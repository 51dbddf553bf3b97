import numpy as np
import pytest

from npkpose.space.body import BodyData, tube_body
from npkpose.space.rotations import axis_angle_to_matrix, axis_angle_to_matrix_backward
from npkpose.space.smpl import SMPL

TUBES = tube_body(np.random.default_rng(0))
REST = np.tile(np.eye(3), (1, 24, 1, 1))


@pytest.fixture
def body():
    return SMPL(TUBES, np.float64)


def random_inputs(count, size=0.5):
    rng = np.random.default_rng(1)
    pose = axis_angle_to_matrix(rng.normal(0, size, (count, 24, 3)))
    return pose, rng.normal(size=(count, 10)), rng.normal(size=(count, 3))


def test_an_arm_of_two_bones_worked_by_hand():
    # Joints at 0 and (1, 0, 0); the vertex (2, 0, 0) follows the second, (1, 1, 0) half each.
    data = BodyData(
        [(0, 0, 0), (1, 0, 0), (2, 0, 0), (1, 1, 0)], np.zeros((4, 3, 1)), np.zeros((4, 3, 9)),
        [(1, 0, 0, 0), (0, 1, 0, 0)], [(1, 0), (1, 0), (0, 1), (0.5, 0.5)], [-1, 0], [],
    )  # fmt: skip
    data = data._replace(faces=np.empty((0, 3), int))
    quarter = axis_angle_to_matrix([(0, 0, 0), (0, 0, np.pi / 2)])
    bent = SMPL(data, np.float64)(quarter[None], [[0]])
    np.testing.assert_allclose(
        bent.vertices[0], [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0.5, 0.5, 0)], atol=1e-15
    )
    np.testing.assert_allclose(bent.joints[0], [(0, 0, 0), (1, 0, 0)], atol=1e-15)


def test_the_resting_body_is_the_template_plus_shape_directions(body):
    np.testing.assert_allclose(body(REST, np.zeros((1, 10))).vertices[0], TUBES.template)
    shapes = np.arange(10.0)[None] - 4
    resting = body(REST, shapes, [[1, 2, 3]])
    shaped = TUBES.template + TUBES.shape_directions @ shapes[0] + [1, 2, 3]
    np.testing.assert_allclose(resting.vertices[0], shaped, atol=1e-14)
    np.testing.assert_allclose(resting.joints[0], TUBES.joint_regressor @ shaped, atol=1e-13)


def test_rotating_the_root_rotates_the_whole_body(body):
    pose, shapes, _ = random_inputs(2)
    rotation = axis_angle_to_matrix([0.3, -1, 2])
    before = body(pose, shapes)
    pose[:, 0] = rotation @ pose[:, 0]
    after = body(pose, shapes)
    for old, new in zip(before, after):
        root = before.joints[:, :1]
        np.testing.assert_allclose(new, (old - root) @ rotation.T + root, atol=1e-13)


def test_bones_have_the_same_length_in_every_pose(body):
    pose, shapes, translation = random_inputs(3, size=2)
    bones = [
        np.linalg.norm(found[:, 1:] - found[:, TUBES.parents[1:]], axis=-1)
        for found in (
            body(pose, shapes, translation).joints,
            body(np.tile(REST, (3, 1, 1, 1)), shapes).joints,
        )
    ]
    np.testing.assert_allclose(*bones, rtol=1e-12)


def test_the_official_implementation_gives_the_same_bodies(shared_data):
    path = shared_data.parent / "fixtures" / "pymaf.npz"
    if not path.is_file():
        pytest.skip("needs ../shared/fixtures/pymaf.npz: outputs of the official SMPL layer")
    with np.load(path) as stored:
        official = {name: stored[name] for name in stored.files}
    V = len(official["body/v_template"])
    data = BodyData(
        official["body/v_template"], official["body/shapedirs"],
        official["body/posedirs"].T.reshape(V, 3, -1), official["body/J_regressor"],
        official["body/lbs_weights"], official["body/parents"], official["body/faces"],
    )  # fmt: skip
    for k in range(4):
        found = SMPL(data)(official[f"iter{k}/rotmat"], official[f"iter{k}/pred_shape"])
        assert found.vertices.dtype == np.float32
        for got, name in ((found.vertices, "verts"), (found.joints, "smpl_kp_3d")):
            wanted = official[f"iter{k}/{name}"]
            np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5 * abs(wanted).max())


@pytest.mark.parametrize("index", range(3))
def test_gradients_are_those_of_central_differences(body, index):
    inputs, rng, eps = list(random_inputs(2)), np.random.default_rng(2), 1e-6
    found = body(*inputs)
    probes = [rng.normal(size=part.shape) for part in found]
    exact = body.backward(*probes)[index]
    assert exact.shape == inputs[index].shape
    step = rng.normal(size=exact.shape)

    def loss(sign):
        moved = [a + sign * eps * step if i == index else a for i, a in enumerate(inputs)]
        return sum((part * probe).sum() for part, probe in zip(body(*moved), probes))

    np.testing.assert_allclose((exact * step).sum(), (loss(1) - loss(-1)) / (2 * eps), rtol=1e-7)


def test_a_pose_is_recovered_from_its_joints_by_gradients(body):
    """Fitting 24 joints: gradient descent from rest reduces the mean distance from 43 to 2 cm."""
    rng = np.random.default_rng(3)
    truth = body(axis_angle_to_matrix(rng.normal(0, 0.3, (1, 24, 3))), np.zeros((1, 10)))
    pose = np.zeros((1, 24, 3))
    distances = []
    for _ in range(300):
        found = body(axis_angle_to_matrix(pose), np.zeros((1, 10)))
        away = found.joints - truth.joints
        distances.append(np.linalg.norm(away, axis=-1).mean())
        drotations, _, _ = body.backward(0 * found.vertices, away)
        pose -= 0.1 * axis_angle_to_matrix_backward(pose, drotations)
    assert distances[0] > 0.4 and distances[-1] < 0.03


def test_an_empty_batch_and_float32(body):
    empty = body(np.empty((0, 24, 3, 3)), np.empty((0, 10)))
    assert empty.vertices.shape == (0, 414, 3) and empty.joints.shape == (0, 24, 3)
    assert [g.shape for g in body.backward(empty.vertices)] == [(0, 24, 3, 3), (0, 10), (0, 3)]
    pose, shapes, translation = random_inputs(2)
    small = SMPL(TUBES)
    found, exact = small(pose, shapes, translation), body(pose, shapes, translation)
    np.testing.assert_allclose(found.vertices, exact.vertices, atol=1e-5)
    assert all(g.dtype == np.float32 for g in small.backward(found.vertices, found.joints))
    assert (small.num_joints, small.num_shapes) == (24, 10)


def test_dtypes_other_than_floats_are_named():
    far = {"rotations": np.full((1, 24, 3, 3), 1e160), "shapes": np.full((1, 10), 1e7)}
    for name, array in far.items():
        arguments = {"rotations": np.zeros((1, 24, 3, 3)), "shapes": np.zeros((1, 10)), name: array}
        with pytest.raises(ValueError, match=rf"{name}\[0, 0.*\]: expected at most"):
            SMPL(TUBES, np.float64)(**arguments)
    for data in (None, {"template": TUBES.template}):
        with pytest.raises(ValueError, match="data: expected a BodyData, got"):
            SMPL(data)
    assert SMPL(TUBES, "float64").data.template.dtype == np.float64
    for dtype in (int, np.float16, object, None, [1]):
        with pytest.raises(ValueError, match="dtype: expected one of float32, float64, got"):
            SMPL(TUBES, dtype)


def test_bad_arguments_are_named(body):
    with pytest.raises(RuntimeError, match="expected a forward pass first"):
        body.backward(np.zeros((1, 414, 3)))
    with pytest.raises(ValueError, match=r"rotations: expected shape \(N, 24, 3, 3\), got"):
        body(np.zeros((1, 72)), np.zeros((1, 10)))
    with pytest.raises(ValueError, match=r"shapes: expected shape \(1, 10\), got \(2, 10\)"):
        body(REST, np.zeros((2, 10)))
    body(REST, np.zeros((1, 10)))
    with pytest.raises(ValueError, match=r"dvertices: expected shape \(1, 414, 3\)"):
        body.backward(np.zeros((1, 3)))
