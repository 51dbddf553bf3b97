import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.space import rotations
from npkpose.space.rotations import (
    axis_angle_to_matrix,
    cross_matrix,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    matrix_to_six_d,
    quaternion_to_matrix,
    six_d_to_matrix,
)

QUARTER = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])  # x -> y -> -x
FORMS = {"axis_angle": 3, "quaternion": 4, "six_d": 6}
sixteenths = st.integers(-48, 48).map(lambda n: n / 16)
vectors = arrays(np.float64, (3, 3), elements=sixteenths)


def test_90_degrees_about_z_in_all_forms():
    for R in (
        axis_angle_to_matrix([0, 0, np.pi / 2]),
        quaternion_to_matrix([3, 0, 0, 3]),
        six_d_to_matrix([0, -5, 2, 7, 0, 0]),  # columns (0, 2, 0) and (-5, 7, 0)
    ):
        np.testing.assert_allclose(R, QUARTER, rtol=0, atol=1e-15)
    np.testing.assert_allclose(matrix_to_axis_angle(QUARTER), [0, 0, np.pi / 2], atol=1e-15)
    np.testing.assert_allclose(matrix_to_quaternion(QUARTER), np.sqrt([0.5, 0, 0, 0.5]))
    np.testing.assert_allclose(matrix_to_six_d(QUARTER), [0, -1, 1, 0, 0, 0])
    np.testing.assert_allclose(cross_matrix(np.array([0, 0, 1.0])) @ [1, 0, 0], [0, 1, 0])


@given(vectors)
def test_scipy_gives_the_same_matrices_and_quaternions(v):
    Rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    expected = Rotation.from_rotvec(v)
    R = axis_angle_to_matrix(v)
    np.testing.assert_allclose(R, expected.as_matrix(), rtol=0, atol=1e-14)
    xyzw = expected.as_quat()
    q = np.concatenate([xyzw[:, 3:], xyzw[:, :3]], axis=1)
    np.testing.assert_allclose(quaternion_to_matrix(2 * q), R, rtol=0, atol=1e-14)
    ours = matrix_to_quaternion(R)
    np.testing.assert_allclose(abs((ours * q).sum(axis=1)), 1, rtol=0, atol=1e-14)


@given(vectors)
def test_every_form_converts_back_to_the_same_rotation(v):
    R = axis_angle_to_matrix(v)
    np.testing.assert_allclose(R @ R.transpose(0, 2, 1), np.tile(np.eye(3), (3, 1, 1)), atol=1e-14)
    for there, back in (
        (matrix_to_axis_angle, axis_angle_to_matrix),
        (matrix_to_quaternion, quaternion_to_matrix),
        (matrix_to_six_d, six_d_to_matrix),
    ):
        np.testing.assert_allclose(back(there(R)), R, rtol=0, atol=1e-13)
    assert (np.linalg.norm(matrix_to_axis_angle(R), axis=1) <= np.pi + 1e-12).all()


@pytest.mark.parametrize("angle", [0, 1e-12, 1e-5, 0.00999, 0.01001, 1, 3.14159, np.pi])
def test_angles_from_0_to_180_degrees_are_recovered(angle):
    v = angle * np.array([2, -1, 2]) / 3
    back = matrix_to_axis_angle(axis_angle_to_matrix(v))
    np.testing.assert_allclose(np.sign(back @ v) * back if angle > 3 else back, v, atol=2e-8)


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_gradients_are_those_of_central_differences(form, data):
    size = FORMS[form]
    x = data.draw(arrays(np.float64, (2, size), elements=sixteenths))
    x[:, 0] += 5 if form != "axis_angle" else 0  # no zero length, no parallel columns
    x[:, 3:4] += 7
    step, dR = np.random.default_rng(0).normal(size=(2, 2, size)), np.ones((2, 3, 3))
    dR *= np.arange(18).reshape(2, 3, 3) / 9 - 0.7
    to_matrix = getattr(rotations, f"{form}_to_matrix")
    exact = (getattr(rotations, f"{form}_to_matrix_backward")(x, dR) * step[0]).sum()
    eps = 1e-5
    change = to_matrix(x + eps * step[0]) - to_matrix(x - eps * step[0])
    np.testing.assert_allclose(exact, (change * dR).sum() / (2 * eps), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("length", [0, 1e-9, 0.0099, 0.0101])
def test_the_gradient_is_continuous_at_small_rotations(length):
    v, dR = length * np.array([0.6, 0, 0.8]), np.arange(9.0).reshape(3, 3) ** 2
    exact = rotations.axis_angle_to_matrix_backward(v, dR)
    for axis in range(3):
        step = 1e-5 * np.eye(3)[axis]
        change = axis_angle_to_matrix(v + step) - axis_angle_to_matrix(v - step)
        np.testing.assert_allclose(exact[axis], (change * dR).sum() / 2e-5, rtol=0, atol=1e-7)


def test_float32_is_kept_and_empty_input_gives_empty_output():
    for form, size in FORMS.items():
        x = np.random.default_rng(0).normal(size=(5, size)).astype(np.float32)
        R = getattr(rotations, f"{form}_to_matrix")(x)
        assert R.dtype == np.float32
        back = getattr(rotations, f"matrix_to_{form}")(R)
        assert back.dtype == np.float32 and back.shape == x.shape
        assert getattr(rotations, f"{form}_to_matrix_backward")(x, R).dtype == np.float32
        assert getattr(rotations, f"{form}_to_matrix")(np.empty((0, size))).shape == (0, 3, 3)


@pytest.mark.parametrize("size", [1e-310, 1e-200, 1, 1e200, 1e307])
def test_columns_and_quaternions_of_any_size_give_rotations(size):
    six_d = np.array([0.5, -2, 1, 3, 0, 1])
    np.testing.assert_allclose(six_d_to_matrix(six_d * size), six_d_to_matrix(six_d), atol=1e-9)
    q = np.array([1.0, -2, 3, 1])
    np.testing.assert_allclose(quaternion_to_matrix(q * size), quaternion_to_matrix(q), atol=1e-9)


@pytest.mark.parametrize("dtype, sine", [(np.float64, 3e-8), (np.float32, 1e-3)])
def test_columns_that_are_almost_parallel_give_a_rotation_or_an_error(dtype, sine):
    six_d = np.array([1, 1, 0, sine, 0, 0], dtype)
    R = six_d_to_matrix(six_d)
    assert abs(R @ R.T - np.eye(3)).max() < np.finfo(dtype).eps ** 0.5
    with pytest.raises(ValueError, match="parallel"):
        six_d_to_matrix(np.array([1, 1, 0, sine / 10, 0, 0], dtype))


DR = np.arange(9.0).reshape(3, 3)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: axis_angle_to_matrix([1, 2]), r"axis_angle: expected shape \(..., 3\), got"),
        (lambda: axis_angle_to_matrix([np.nan, 0, 0]), r"axis_angle\[0\]: expected a finite"),
        (lambda: quaternion_to_matrix(np.eye(4) * [1, 0, 1, 1]), r"quaternion\[1\]: expected a "),
        (lambda: six_d_to_matrix([[1, 2, 0, 0, 0, 0]]), r"six_d\[0\]: expected a direction, got a"),
        (lambda: six_d_to_matrix([0, 2, 0, 0, 0, 0]), "six_d: expected a direction, got zero"),
        (lambda: six_d_to_matrix(np.ones(6)), "got a column parallel to the first"),
        (lambda: six_d_to_matrix([-1, 2, 1, -2, 0, 0]), "got a column parallel to the first"),
        (lambda: six_d_to_matrix([1, 1 + 1e-15, 1, 1, 1, 1]), "got a column parallel to the first"),
        (lambda: six_d_to_matrix(np.array([1, 1 + 1e-5, 1, 1, 1, 1], "f")), "a column parallel to"),
        (lambda: axis_angle_to_matrix([0, 1e200, 0]), r"axis_angle\[1\]: expected at most 1e\+15"),
        (lambda: rotations.cross_matrix([1, 2]), r"v: expected shape \(..., 3\), got \(2,\)"),
        (lambda: rotations.cross_matrix("abc"), "v: expected real numbers"),
        (
            lambda: rotations.quaternion_to_matrix_backward([1e-310, 0, 0, 0], DR),
            "quaternion, dR: expected a gradient in the range of float64",
        ),
        (lambda: matrix_to_quaternion(2 * np.eye(3)), "R: expected a rotation matrix"),
        (lambda: matrix_to_axis_angle([np.eye(3), -np.eye(3)]), r"R\[1\]: expected a rotation"),
        (lambda: matrix_to_quaternion(np.full((3, 3), 1e200)), r"R\[0, 0\]: expected at most 2 in"),
        (lambda: matrix_to_quaternion(np.eye(4)), r"R: expected shape \(..., 3, 3\)"),
        (
            lambda: rotations.six_d_to_matrix_backward(
                np.ones((6, 6)) * [1, 0, 0, 1, 0, 0], np.eye(3)
            ),
            r"dR: expected shape \(6, 3, 3\), got \(3, 3\)",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
