"""A calibrated camera: from the world to the camera's frame, to pixels, and back.

    X_camera = R X_world + t                        rotation and translation, in one unit
    (x, y) = (X / Z, Y / Z)                         the plane at depth 1
    (u, v) = (fx x' + cx, fy y' + cy)               pixels; (x', y') is distorted (see `lens`)

The camera looks along +Z, with x to the right and y down. Its position in the world is -R^-1 t.
Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2nd ed. 2004, chapter 6. Data
sets use different conventions, each of which has a constructor:

    from_panoptic   X_camera = R X + t, in cm, world y down; OpenCV's lens
    from_h36m       X_camera = R^T (X - T), T the camera's position; Human3.6M's lens
    from_shelf      X_camera = R (X - T), in mm; OpenCV's lens, all zero (Campus and Shelf)

A point behind the camera is not visible: it projects to NaN.
"""

from collections.abc import Mapping

import numpy as np

from npkpose._check import check_array, check_choice, plain, real_array
from npkpose.space.lens import (
    TANGENT_FACTORS,
    distort,
    distortion_derivative,
    make_lens,
    undistort,
)

UNITS = {"mm": 0.001, "cm": 0.01, "m": 1.0}  # in metres

LARGEST = 1e30  # of lengths and pixels: larger ones overflow in products of some of them
_MOST_KEYS = 12  # in a message
_MAX_SKEW = 1e-3  # pixels, over the height of a picture: less than any detector's noise


class Camera:
    """One static, calibrated camera.

    Parameters
    ----------
    R : array_like, shape (3, 3)
        Rotation from the world to the camera.
    t : array_like, shape (3,)
        The world's origin in the camera's frame, in ``unit``.
    focal, centre : array_like, shape (2,)
        (fx, fy), positive, and (cx, cy), in pixels.
    distortion : array_like, 4, 5, 8, 12 or 14 numbers
        (k1, k2, p1, p2[, k3, ...]), in OpenCV's order for every model.
    model : "opencv", "h36m" or "none"
        The distortion model, see `npkpose.space.lens`. "none" needs a distortion of zero.
    unit : "mm", "cm" or "m"
        The unit of world points.

    Raises
    ------
    ValueError
        Wrong shape, a number that is not finite, an R that is not a rotation (to 1e-3), a focal
        length that is not positive, a number above 1e30, an unknown model or unit.
    """

    def __init__(self, R, t, focal, centre, distortion=(0, 0, 0, 0, 0), model="opencv", unit="mm"):
        self.R = _check_rotation("R", R)
        self.t = check_array("t", t, (3,), largest=LARGEST).copy()
        self.focal = check_array("focal", focal, (2,), largest=LARGEST).copy()
        if not (self.focal > 0).all():
            raise ValueError(f"focal: expected more than 0, got {self.focal}")
        self.centre = check_array("centre", centre, (2,), largest=LARGEST).copy()
        self.model = check_choice("model", model, tuple(TANGENT_FACTORS))
        self.lens = make_lens("distortion", distortion, model)
        self.unit = check_choice("unit", unit, tuple(UNITS))

    @classmethod
    def from_panoptic(cls, entry, unit="cm"):
        """Return a camera of the Panoptic Studio's calibration file, in ``unit``.

        ``entry`` is an item of the file's "cameras": a mapping with "K", "distCoef" (4, 5, 8, 12
        or 14 numbers), "R" and "t". A skew of at most a thousandth of a pixel is left out.
        """
        K, R, t = _numbers("entry", entry, {"K": (3, 3), "R": (3, 3), "t": 3})
        skew = [K[0, 1], K[1, 0], *(K[2] - (0, 0, 1))]
        if max(map(abs, skew)) > _MAX_SKEW:
            raise ValueError(
                f"entry['K']: expected no skew and a last row (0, 0, 1), got {K.tolist()}"
            )
        (lens,) = _numbers("entry", entry, {"distCoef": -1})
        lens = make_lens("entry['distCoef']", lens, "opencv").coefficients
        return cls(R, t, K[[0, 1], [0, 1]], K[:2, 2], lens, "opencv", unit)

    @classmethod
    def from_h36m(cls, entry, unit="m"):
        """Return a camera of Human3.6M, from a mapping with "R", "T", "f", "c", "k" and "p".

        "R" (3, 3) rotates from camera to world, "T" is the camera's position in ``unit``: m in
        most conversions, mm in the original. "k" is (k1, k2, k3), "p" (p1, p2).
        """
        sizes = {"R": (3, 3), "T": 3, "f": 2, "c": 2}
        R, T, focal, centre = _numbers("entry", entry, sizes)
        return cls(R.T, -R.T @ T, focal, centre, _radial_tangential(entry), "h36m", unit)

    @classmethod
    def from_shelf(cls, entry, unit="mm"):
        """Return a camera of the Shelf or Campus scene, in ``unit``.

        ``entry`` is a mapping with "R" (3, 3), "T" (3,), the camera's position, "fx", "fy", "cx",
        "cy", "k" (2, 3 or 6 numbers) and "p" (2,).
        """
        R, T = _numbers("entry", entry, {"R": (3, 3), "T": 3})
        focal = np.concatenate(_numbers("entry", entry, {"fx": 1, "fy": 1}))
        centre = np.concatenate(_numbers("entry", entry, {"cx": 1, "cy": 1}))
        return cls(R, -R @ T, focal, centre, _radial_tangential(entry), "opencv", unit)

    @property
    def position(self):
        """The camera's position in the world (3,)."""
        return -np.linalg.solve(self.R, self.t)

    @property
    def K(self):
        """The matrix (3, 3) from the plane at depth 1 to pixels, without the lens."""
        return np.array(
            [[self.focal[0], 0, self.centre[0]], [0, self.focal[1], self.centre[1]], [0, 0, 1]]
        )

    @property
    def P(self):
        """The projection matrix K [R | t] (3, 4), without the lens."""
        return self.K @ np.column_stack([self.R, self.t])

    def in_unit(self, unit):
        """Return the same camera in a world measured in ``unit``."""
        check_choice("unit", unit, tuple(UNITS))
        t = self.t * (UNITS[self.unit] / UNITS[unit])
        return Camera(self.R, t, self.focal, self.centre, self.lens.coefficients, self.model, unit)

    def to_camera(self, points):
        """Return world ``points`` (..., 3) in the camera's frame, in the same unit."""
        points = check_array("points", points, (..., 3), finite=False, largest=LARGEST)
        return points @ self.R.T + self.t

    def to_world(self, points):
        """Return world points (..., 3) of camera-frame ``points`` (..., 3): undoes `to_camera`."""
        points = check_array("points", points, (..., 3), finite=False, largest=LARGEST)
        return (points - self.t) @ np.linalg.inv(self.R).T  # not R^T: files store R with six digits

    def project(self, points):
        """Return the pixels (..., 2) of world ``points`` (..., 3); NaN behind the camera."""
        ideal, _ = self._ideal(points)
        return self._to_pixels(distort(ideal, self.lens))

    def project_derivative(self, points):
        """Return d(u, v) / d(X, Y, Z), pixels per unit, for world points (..., 3): (..., 2, 3)."""
        ideal, depth = self._ideal(points)
        x, y, ones, zeros = ideal[..., 0], ideal[..., 1], np.ones_like(depth), np.zeros_like(depth)
        rows = [np.stack([ones, zeros, -x], axis=-1), np.stack([zeros, ones, -y], axis=-1)]
        division = np.stack(rows, axis=-2) / depth[..., None, None]  # d(x, y) / dX_camera
        distortion = self.focal[:, None] * distortion_derivative(ideal, self.lens)
        return distortion @ division @ self.R

    def undistort(self, pixels):
        """Return ``pixels`` (..., 2) as `P` projects them, without the lens; NaN if none exists."""
        return self._to_pixels(self.rays(pixels))

    def rays(self, pixels):
        """Return (X / Z, Y / Z) (..., 2) of ``pixels`` (..., 2), in the camera's frame.

        Distortion is removed. NaN stays NaN.
        """
        pixels = check_array("pixels", pixels, (..., 2), finite=False, largest=LARGEST)
        return undistort((pixels - self.centre) / self.focal, self.lens)

    def to_pixels(self, plane):
        """Return the pixels (..., 2) of points (..., 2) in the plane at depth 1."""
        plane = check_array("plane", plane, (..., 2), finite=False, largest=LARGEST)
        return self._to_pixels(plane)

    def _to_pixels(self, plane):
        with np.errstate(over="ignore"):  # far outside, a lens moves points anywhere
            return plane * self.focal + self.centre

    def _ideal(self, points):
        """Return (X / Z, Y / Z) and Z of world points, NaN where Z is not positive."""
        local = self.to_camera(points)
        depth = np.where(local[..., 2] > 0, local[..., 2], np.nan)
        with np.errstate(over="ignore"):  # beside the camera, almost in its plane
            return local[..., :2] / depth[..., None], depth

    def __repr__(self):
        place = ", ".join(f"{value + 0.0:.4g}" for value in self.position.round(9))
        return f"Camera(at ({place}) {self.unit}, model={self.model!r})"


def check_cameras(name, cameras):
    """Return ``cameras`` as a list of `Camera` in one unit, or raise ValueError."""
    try:
        cameras = list(cameras)
    except TypeError:
        got = type(cameras).__name__
        raise ValueError(f"{name}: expected a sequence of Camera, got {got}") from None
    for v, camera in enumerate(cameras):
        if not isinstance(camera, Camera):
            raise ValueError(f"{name}[{v}]: expected a Camera, got {type(camera).__name__}")
        if camera.unit != cameras[0].unit:
            expected = cameras[0].unit
            raise ValueError(f"{name}[{v}]: expected unit {expected!r}, got {camera.unit!r}")
    return cameras


def _check_rotation(name, R):
    R = check_array(name, R, (3, 3)).copy()
    is_small = abs(R).max() < 2  # products of larger numbers may overflow
    # Files store few digits.
    if not is_small or abs(R @ R.T - np.eye(3)).max() > 1e-3 or np.linalg.det(R) < 0:
        raise ValueError(f"{name}: expected a rotation matrix, got {R}")
    return R


def _radial_tangential(entry):
    """Return an entry's "k" (2, 3 or 6) and "p" (2,) in OpenCV's order."""
    k, p = _numbers("entry", entry, {"k": -1, "p": 2})
    if len(k) not in (2, 3, 6):
        raise ValueError(f"entry['k']: expected 2, 3 or 6 numbers, got {len(k)}")
    return [*k[:2], *p, *k[2:]]


def _numbers(name, entry, sizes):
    """Return the arrays named in ``sizes``, in those shapes; (3, 1) and (1, 3) count as (3,).

    A size of -1 is any number of numbers.
    """
    if not isinstance(entry, Mapping):
        raise ValueError(f"{name}: expected a mapping, got {type(entry).__name__}")
    arrays = []
    for key, shape in sizes.items():
        if key not in entry:
            found = ", ".join(plain(str(other)) for other in list(entry)[:_MOST_KEYS])
            raise ValueError(f"{name}: expected the key {key!r}, got {found}")
        array = real_array(f"{name}[{key!r}]", entry[key])
        if isinstance(shape, int):
            array, shape = array.reshape(-1), (("n",) if shape < 0 else (shape,))
        arrays.append(check_array(f"{name}[{key!r}]", array, shape, largest=LARGEST))
    return arrays
