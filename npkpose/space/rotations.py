"""Rotations in four forms, each converted to a matrix R that rotates column vectors: x -> R x.

    axis-angle v    R = cos|v| I + a [v]x + b v v^T,  a = sin|v| / |v|,  b = (1 - cos|v|) / |v|^2
    quaternion q    R = (w^2 - u.u) I + 2 w [u]x + 2 u u^T,  q / |q| = (w, u) = (w, x, y, z)
    6-D (a1, a2)    R = (b1, b2, b1 x b2),  b1 = a1 / |a1|,  b2 = a2 - (b1.a2) b1 over its length

[v]x is the matrix of the cross product. The first form, Rodrigues' formula, stores SMPL's poses.
The third, two columns of R before they are made orthonormal, is continuous, so networks learn it
best: Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", CVPR 2019,
arXiv:1812.07035. Its six numbers are the rows of the (3, 2) matrix of columns: a1x, a2x, a1y, ...

Each ``NAME_to_matrix`` has a ``NAME_to_matrix_backward``, from dL/dR (..., 3, 3) to the gradient of
its argument. Departure from published code: nothing is added inside a square root; near zero the
axis-angle formula and its derivative use their Taylor series.
"""

import numpy as np

from npkpose._check import check_array

FLOATS = (np.float64, np.float32)  # kept; other dtypes become float64

_SMALL = 1e-4  # |v|^2 below which the series are exact to rounding
_NO_ROTATION = 0.01  # in R R^T - I: files round
_LARGEST = 1e15  # radians: beyond, the square of a float32 overflows
_any_size = np.errstate(over="ignore", invalid="ignore")  # see `_check_range`


def axis_angle_to_matrix(axis_angle):
    """Return rotations (..., 3, 3) by |v| radians around v, for ``axis_angle`` (..., 3)."""
    v = check_array("axis_angle", axis_angle, (..., 3), FLOATS, largest=_LARGEST)
    cos, a, b = _rodrigues(v)
    outer = v[..., :, None] * v[..., None, :]
    return (
        cos[..., None] * np.eye(3, dtype=v.dtype)
        + a[..., None] * cross_matrix(v)
        + (b[..., None] * outer)
    )


@_any_size
def axis_angle_to_matrix_backward(axis_angle, dR):
    """Return dL/d(axis_angle) (..., 3), given ``dR`` = dL/dR."""
    v = check_array("axis_angle", axis_angle, (..., 3), FLOATS, largest=_LARGEST)
    dR = check_array("dR", dR, (*v.shape, 3), v.dtype)
    _, a, b = _rodrigues(v)
    a_slope, b_slope = _rodrigues_slopes(v)  # da/dv = a_slope v, db/dv = b_slope v
    twist = _axial(dR)
    both = _times(dR, v) + _times(np.swapaxes(dR, -1, -2), v)
    along = -a * np.trace(dR, axis1=-2, axis2=-1)[..., None]
    along += a_slope * _dot(twist, v) + b_slope * _dot(both, v) / 2
    return _check_range("axis_angle", along * v + a * twist + b * both)


def quaternion_to_matrix(quaternion):
    """Return rotations (..., 3, 3) for ``quaternion`` (..., 4), w first, any nonzero length."""
    q, _ = _unit("quaternion", check_array("quaternion", quaternion, (..., 4), FLOATS))
    w, u = q[..., :1], q[..., 1:]
    identity = (w * w - _dot(u, u))[..., None] * np.eye(3, dtype=q.dtype)
    return identity + 2 * w[..., None] * cross_matrix(u) + 2 * u[..., :, None] * u[..., None, :]


@_any_size
def quaternion_to_matrix_backward(quaternion, dR):
    """Return dL/d(quaternion) (..., 4), given ``dR`` = dL/dR."""
    q, length = _unit("quaternion", check_array("quaternion", quaternion, (..., 4), FLOATS))
    dR = check_array("dR", dR, (*q.shape[:-1], 3, 3), q.dtype)
    w, u, twist = q[..., :1], q[..., 1:], _axial(dR)
    trace = np.trace(dR, axis1=-2, axis2=-1)[..., None]
    both = _times(dR, u) + _times(np.swapaxes(dR, -1, -2), u)
    dw = 2 * w * trace + 2 * _dot(twist, u)
    du = -2 * u * trace + 2 * w * twist + 2 * both
    dq = _unit_backward(q, length, np.concatenate([dw, du], axis=-1))
    return _check_range("quaternion", dq)


def six_d_to_matrix(six_d):
    """Return rotations (..., 3, 3) for ``six_d`` (..., 6), two columns that are not parallel.

    Columns are parallel if the sine of their angle is below the square root of the dtype's
    rounding: R would be a rotation only to that.
    """
    b1, b2, _, _, _ = _gram_schmidt(six_d)
    return np.stack([b1, b2, np.cross(b1, b2)], axis=-1)


@_any_size
def six_d_to_matrix_backward(six_d, dR):
    """Return dL/d(six_d) (..., 6), given ``dR`` = dL/dR."""
    b1, b2, a2, length1, length2 = _gram_schmidt(six_d)
    dR = check_array("dR", dR, (*b1.shape, 3), b1.dtype)
    d1, d2, d3 = dR[..., 0], dR[..., 1], dR[..., 2]
    d1, d2 = d1 + np.cross(b2, d3), d2 + np.cross(d3, b1)
    du = _unit_backward(b2, length2, d2)  # u = a2 - (b1.a2) b1
    d1 = d1 - _dot(b1, a2) * du - _dot(b1, du) * a2
    da = [_unit_backward(b1, length1, d1), du - _dot(b1, du) * b1]
    return _check_range("six_d", np.stack(da, axis=-1).reshape(*b1.shape[:-1], 6))


def matrix_to_quaternion(R):
    """Return unit quaternions (..., 4), w first and not negative, of rotations ``R`` (..., 3, 3).

    R determines 4 q q^T, whose row i is 4 q_i q. The row with the largest q_i is used. Raises
    ValueError for matrices that are no rotations, to a hundredth.
    """
    R = check_array("R", R, (..., 3, 3), FLOATS, largest=2)
    error = abs(R @ np.swapaxes(R, -1, -2) - np.eye(3, dtype=R.dtype)).max(axis=(-1, -2))
    wrong = np.atleast_1d((error > _NO_ROTATION) | (np.linalg.det(R) < 0))
    if wrong.any():
        index = ", ".join(map(str, np.argwhere(wrong)[0])) if R.ndim > 2 else ""
        where = f"R[{index}]" if index else "R"
        raise ValueError(f"{where}: expected a rotation matrix")
    twist, trace = _axial(R), np.trace(R, axis1=-2, axis2=-1)[..., None, None]
    products = np.empty((*R.shape[:-2], 4, 4), R.dtype)
    products[..., :1, :1] = 1 + trace
    products[..., 0, 1:] = products[..., 1:, 0] = twist
    products[..., 1:, 1:] = R + np.swapaxes(R, -1, -2) + (1 - trace) * np.eye(3, dtype=R.dtype)
    largest = np.argmax(np.diagonal(products, axis1=-2, axis2=-1), axis=-1)
    q = np.take_along_axis(products, largest[..., None, None], axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    return np.where(q[..., :1] < 0, -q, q)


def matrix_to_axis_angle(R):
    """Return axis times angle (..., 3), the angle in [0, pi], of rotations ``R`` (..., 3, 3)."""
    q = matrix_to_quaternion(R)
    w, u = q[..., :1], q[..., 1:]
    sine = np.linalg.norm(u, axis=-1, keepdims=True)
    ratio = 2 * np.arctan2(sine, w) / np.where(sine > 0, sine, 1)  # angle over sin(angle / 2)
    return np.where(sine > 0, ratio, 2) * u


def matrix_to_six_d(R):
    """Return the first two columns of ``R`` (..., 3, 3) as (..., 6), undoing `six_d_to_matrix`."""
    R = check_array("R", R, (..., 3, 3), FLOATS)
    return R[..., :2].reshape(*R.shape[:-2], 6)


def cross_matrix(v):
    """Return [v]x (..., 3, 3): [v]x y is the cross product of v (..., 3) and y."""
    v = check_array("v", v, (..., 3), FLOATS, finite=False)
    matrix = np.zeros((*v.shape, 3), v.dtype)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        matrix[..., k, j] = v[..., i]
        matrix[..., j, k] = -v[..., i]
    return matrix


def _rodrigues(v):
    """Return cos|v|, a and b of the formula, each (..., 1)."""
    squared = _dot(v, v)
    angle = np.sqrt(np.where(squared < _SMALL, 1, squared))
    a = np.where(squared < _SMALL, 1 - squared / 6 * (1 - squared / 20), np.sin(angle) / angle)
    half = np.sin(angle / 2) / angle  # b without the cancellation of 1 - cos
    b = np.where(squared < _SMALL, 0.5 - squared / 24 * (1 - squared / 30), 2 * half * half)
    return 1 - b * squared, a, b


def _rodrigues_slopes(v):
    """Return (cos|v| - a) / |v|^2 and (a - 2b) / |v|^2, each (..., 1)."""
    squared = _dot(v, v)
    cos, a, b = _rodrigues(v)
    some = np.where(squared < _SMALL, 1, squared)
    a_slope = np.where(squared < _SMALL, -1 / 3 + squared / 30, (cos - a) / some)
    b_slope = np.where(squared < _SMALL, -1 / 12 + squared / 180, (a - 2 * b) / some)
    return a_slope, b_slope


def _gram_schmidt(six_d):
    """Return b1, b2 and a2 (..., 3), and the lengths (..., 1) of a1 and of a2 - (b1.a2) b1."""
    six_d = check_array("six_d", six_d, (..., 6), FLOATS)
    columns = six_d.reshape(*six_d.shape[:-1], 3, 2)
    a1, a2 = columns[..., 0], columns[..., 1]
    b1, length1 = _unit("six_d", a1)
    scaled, power = _scale(a2)
    least = np.finfo(a2.dtype).eps ** 0.5 * np.linalg.norm(scaled, axis=-1, keepdims=True)
    b2, length2 = _unit("six_d", scaled - _dot(b1, scaled) * b1, least)
    return b1, b2, a2, length1, np.ldexp(length2, power)


def _unit(name, v, least=None):
    """Return v / |v| and |v| (..., 1); ValueError where |v| is 0, or at most ``least``."""
    scaled, power = _scale(v)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    is_short = length == 0 if least is None else np.ldexp(length, power) <= least
    if is_short.any():
        index = ", ".join(map(str, np.argwhere(is_short[..., 0])[0]))
        where = f"{name}[{index}]" if index else name
        found = "zero length" if least is None else "a column parallel to the first"
        raise ValueError(f"{where}: expected a direction, got {found}")
    return scaled / length, np.ldexp(length, power)


def _scale(v):
    """Return v over a power of 2 near its size, whose squares stay in range, and that power."""
    power = np.frexp(abs(v).max(axis=-1, keepdims=True, initial=0))[1]
    return np.ldexp(v, -power), power


def _unit_backward(unit, length, dunit):
    return (dunit - unit * _dot(unit, dunit)) / length


def _check_range(name, gradient):
    """Return ``gradient`` if it is finite: it is not where dR is huge or the argument tiny."""
    if not np.isfinite(gradient).all():
        raise ValueError(f"{name}, dR: expected a gradient in the range of {gradient.dtype}")
    return gradient


def _axial(M):
    """Return <M, d[v]x / dv> (..., 3), the axial vector of M."""
    pairs = ((2, 1), (0, 2), (1, 0))
    return np.stack([M[..., i, j] - M[..., j, i] for i, j in pairs], axis=-1)


def _times(M, v):
    return (M @ v[..., None])[..., 0]


def _dot(a, b):
    return (a * b).sum(axis=-1, keepdims=True)
