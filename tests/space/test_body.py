import numpy as np
import pytest

from npkpose.space.body import check_body, tube_body

TUBES = tube_body(np.random.default_rng(0))


def test_the_tube_body_has_its_joints_in_the_tubes_and_no_empty_triangle():
    data = check_body(TUBES, np.float64)
    assert data.template.shape == (414, 3) and data.shape_directions.shape == (414, 3, 10)
    assert data.pose_directions.shape == (414, 3, 207)
    np.testing.assert_allclose(data.weights.sum(axis=1), 1)
    np.testing.assert_allclose(data.joint_regressor.sum(axis=1), 1)
    joints = data.joint_regressor @ data.template
    np.testing.assert_allclose(joints[0], 0, atol=0.02)  # the pelvis, between the rings around it
    np.testing.assert_allclose(joints[20], [0.69, 0.44, 0], atol=1e-12)  # the left wrist
    np.testing.assert_allclose(joints[[1, 4, 7]] * [-1, 1, 1], joints[[2, 5, 8]], atol=1e-12)
    corners = data.template[data.faces]  # (F, 3, 3)
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    assert len(area) == 23 * 2 * 6 * 2 and (area > 0).all()


def test_the_first_two_shape_numbers_make_it_larger_and_stouter():
    larger = TUBES.template + 2 * TUBES.shape_directions[..., 0]
    stouter = TUBES.template + 2 * TUBES.shape_directions[..., 1]
    joints = [TUBES.joint_regressor @ v for v in (TUBES.template, larger, stouter)]
    np.testing.assert_allclose(joints[1][1:], 1.1 * joints[0][1:], atol=1e-12)
    np.testing.assert_allclose(joints[2][1:], joints[0][1:], atol=1e-12)
    assert tube_body(np.random.default_rng(0), shapes=1).shape_directions.shape == (414, 3, 1)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"template": np.zeros((414, 2))}, r"template: expected shape \(V, 3\), got \(414, 2\)"),
        ({"weights": np.zeros((414, 23))}, r"weights: expected shape \(414, 24\)"),
        ({"joint_regressor": np.zeros((24, 9))}, r"joint_regressor: expected shape \(J, 414\)"),
        ({"parents": [0] + [0] * 23}, "parents: expected -1, then earlier joints"),
        ({"parents": [-1, 2] + [0] * 22}, "parents: expected -1, then earlier joints"),
        ({"faces": [[0, 1, 414]]}, r"faces: expected vertices in \[0, 414\)"),
        ({"pose_directions": np.zeros((414, 3, 9))}, r"pose_directions: expected shape \(414, 3"),
        ({"shape_directions": np.full((414, 3, 1), np.nan)}, r"shape_directions\[0, 0, 0\]"),
    ],
)
def test_bad_bodies_are_named(changed, message):
    with pytest.raises(ValueError, match=message):
        check_body(TUBES._replace(**changed), np.float32)


@pytest.mark.parametrize("arguments, message", [
    ((7,), "rng: expected a numpy.random.Generator, got 7"),
    ((np.random.default_rng(0), "ten"), "shapes: expected an integer, got 'ten'"),
    ((np.random.default_rng(0), 2**40), "shapes: expected at most 1000"),
])
def test_what_tubes_cannot_be_made_of_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        tube_body(*arguments)
