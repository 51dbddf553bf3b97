import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.space.camera import Camera, check_cameras

MODELS = ("none", "opencv", "h36m")
points_mm = arrays(np.float64, (3, 3), elements=st.integers(-16, 16).map(lambda n: 50.0 * n))
STRAIGHT = Camera(np.eye(3), (0, 0, 0), (100, 200), (50, 60))


def test_a_projection_worked_by_hand():
    np.testing.assert_allclose(STRAIGHT.project([2, 1, 4]), [50 + 100 / 2, 60 + 200 / 4])
    # rotated by 90 degrees about z, at (1, 0, 0): (2, 1, 4) is (1, -1, 4) in the camera's frame
    R = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]])
    turned = Camera(R, -R @ [1, 0, 0], (100, 200), (50, 60))
    np.testing.assert_allclose(turned.to_camera([2, 1, 4]), [1, -1, 4])
    np.testing.assert_allclose(turned.project([2, 1, 4]), [75, 10])
    np.testing.assert_allclose(turned.position, [1, 0, 0])


def test_points_behind_the_camera_project_to_nan():
    pixels = STRAIGHT.project([[0, 0, 1], [0, 0, -1], [0, 0, 0], [np.nan, 0, 1]])
    np.testing.assert_array_equal(np.isnan(pixels[:, 0]), [False, True, True, True])
    assert np.isnan(STRAIGHT.project_derivative([0, 0, -1])).all()
    assert STRAIGHT.project(np.empty((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("model", ["none", "opencv"])
def test_opencv_projects_to_the_same_pixels(ring, model):
    cv2 = pytest.importorskip("cv2")
    points = np.random.default_rng(0).uniform(-900, 900, (100, 3))
    for camera in ring(model):
        turn, lens = cv2.Rodrigues(camera.R)[0], np.array(camera.lens[:5])
        expected, jacobian = cv2.projectPoints(points, turn, camera.t, camera.K, lens)
        np.testing.assert_allclose(camera.project(points), expected[:, 0], rtol=0, atol=1e-8)
        moved = jacobian[:, 3:6].reshape(-1, 2, 3)  # for t, that is for R X
        exact = camera.project_derivative(points) @ camera.R.T
        np.testing.assert_allclose(exact, moved, rtol=0, atol=1e-9)


def test_human36m_projects_as_a_scalar_version_of_its_formula(ring):
    """The formula as in Martinez et al.'s project_point_radial, with p2 before p1."""
    (camera,) = ring("h36m", 1)
    for point in np.random.default_rng(0).uniform(-900, 900, (20, 3)):
        X, Y, Z = camera.R @ point + camera.t
        x, y = X / Z, Y / Z
        k1, k2, p1, p2, k3 = camera.lens[:5]
        r2 = x**2 + y**2
        factor = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3 + (p1 * y + p2 * x)
        expected = [1100 * (x * factor + p2 * r2) + 960, 1090 * (y * factor + p1 * r2) + 540]
        np.testing.assert_allclose(camera.project(point), expected, rtol=1e-12)


@pytest.mark.parametrize("model", MODELS)
@given(points=points_mm)
def test_world_points_and_pixels_are_recovered(ring, model, points):
    for camera in ring(model, 2):
        np.testing.assert_allclose(camera.to_world(camera.to_camera(points)), points, atol=1e-9)
        pixels = camera.project(points)
        flat = np.append(camera.undistort(pixels), np.ones((3, 1)), axis=1)
        straight = np.append(points, np.ones((3, 1)), axis=1) @ camera.P.T
        np.testing.assert_allclose(flat, straight / straight[:, 2:], rtol=0, atol=1e-6)
        again = camera.to_camera(points)[:, 2:] * np.append(camera.rays(pixels), flat[:, 2:], 1)
        np.testing.assert_allclose(camera.to_world(again), points, rtol=0, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_the_derivative_is_that_of_central_differences(ring, model):
    points = np.random.default_rng(1).uniform(-900, 900, (20, 3))
    for camera in ring(model):
        exact, eps = camera.project_derivative(points), 1e-3
        for axis in range(3):
            step = eps * np.eye(3)[axis]
            change = camera.project(points + step) - camera.project(points - step)
            np.testing.assert_allclose(exact[..., axis], change / (2 * eps), rtol=0, atol=1e-6)


def test_a_camera_in_another_unit_sees_the_same(ring):
    (camera,) = ring("opencv", 1)
    metres = camera.in_unit("m")
    np.testing.assert_allclose(metres.position, camera.position / 1000, rtol=1e-14)
    np.testing.assert_allclose(metres.project([0.1, 0.2, 0]), camera.project([100, 200, 0]))
    assert repr(metres) == "Camera(at (4, 0, 0.8) m, model='opencv')"


@pytest.mark.parametrize("count", [0, 4, 5, 8, 12, 14])
def test_as_many_coefficients_as_opencv_writes_are_read(count):
    cv2 = pytest.importorskip("cv2")
    full = np.array([-0.3, 0.2, -2e-3, 1e-3, 0.05, 0.1, -0.05, 0.02, 3e-3, -2e-3, 1e-3, 2e-3, 0, 0])
    entry = {
        "K": [[900, 1e-7, 500], [0, 950, 400], [0, 0, 1]], "R": np.eye(3), "t": [[0], [0], [2000]],
        "distCoef": full[None, :count],
    }  # fmt: skip
    camera = Camera.from_panoptic(entry).in_unit("mm").in_unit("cm")
    points = np.random.default_rng(0).uniform(-900, 900, (100, 3))
    lens, K = full[:count] if count else np.zeros(4), camera.K
    expected, jacobian = cv2.projectPoints(points, np.zeros(3), camera.t, K, lens)
    pixels = camera.project(points)
    np.testing.assert_allclose(pixels, expected[:, 0], rtol=0, atol=1e-8)
    moved = jacobian[:, 3:6].reshape(-1, 2, 3)
    np.testing.assert_allclose(camera.project_derivative(points), moved, rtol=0, atol=1e-9)
    local = camera.to_camera(points)
    ideal = local[:, :2] / local[:, 2:]
    np.testing.assert_allclose(camera.rays(pixels), ideal, rtol=0, atol=1e-9)


def test_the_unit_of_a_calibration_can_be_said():
    entry = {"K": np.eye(3), "R": np.eye(3), "t": [0, 0, 2], "distCoef": [0] * 5}
    assert Camera.from_panoptic(entry).unit == "cm"
    assert Camera.from_panoptic(entry, "m").in_unit("mm").position[2] == -2000
    with pytest.raises(ValueError, match="unit: expected one of mm, cm, m, got 'inch'"):
        Camera.from_panoptic(entry, "inch")


def test_human36m_and_shelf_store_the_position_of_the_camera():
    R = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0.0]])
    shared = {"R": R, "T": [[1], [2], [3]], "k": [[0.1], [0.2], [0.3]], "p": [0.4, 0.5]}
    h36m = Camera.from_h36m({**shared, "f": [[7], [8]], "c": [[5], [6]]})
    np.testing.assert_allclose(h36m.position, [1, 2, 3])
    np.testing.assert_allclose(h36m.to_camera([2, 2, 3]), R.T @ [1, 0, 0])
    assert h36m.lens[:6] == (0.1, 0.2, 0.4, 0.5, 0.3, 1.0) and h36m.unit == "m"
    shelf = Camera.from_shelf({**shared, "fx": 7, "fy": 8, "cx": 5, "cy": 6})
    np.testing.assert_allclose(shelf.position, [1, 2, 3])
    np.testing.assert_allclose(shelf.to_camera([2, 2, 3]), R @ [1, 0, 0])
    assert shelf.unit == "mm" and shelf.lens.m == 2


def test_the_panoptic_cameras_look_inwards_and_see_most_people(panoptic):
    cameras, bodies = panoptic
    assert len(cameras) == 31
    middle = np.nanmean(bodies, axis=(0, 1))
    for camera in cameras.values():
        assert camera.unit == "cm" and 150 < np.linalg.norm(camera.position - middle) < 450
        pixels = camera.project(bodies)
        seen = ((pixels > 0) & (pixels < (1920, 1080))).all(axis=-1)
        assert seen.sum() > 0.5 * np.isfinite(bodies[..., 0]).sum()


def test_the_panoptic_cameras_project_as_opencv_does(panoptic, shared_data):
    cv2 = pytest.importorskip("cv2")
    cameras, bodies = panoptic
    path = shared_data / "panoptic" / "calibration_160906_band1.json"
    points = bodies[np.isfinite(bodies).all(axis=-1)]
    for entry in json.loads(path.read_text(encoding="utf-8"))["cameras"]:
        if entry["type"] == "hd":
            turn = cv2.Rodrigues(np.array(entry["R"]))[0]
            lens, K = np.array(entry["distCoef"]), np.array(entry["K"])
            expected, _ = cv2.projectPoints(points, turn, np.array(entry["t"]), K, lens)
            pixels = cameras[entry["node"]].project(points)
            np.testing.assert_allclose(pixels, expected[:, 0], rtol=0, atol=1e-3)


def test_cameras_of_two_units_are_not_mixed(ring):
    cameras = ring("none", 2)
    assert check_cameras("cameras", cameras) == cameras
    with pytest.raises(ValueError, match=r"cameras\[1\]: expected unit 'mm', got 'm'"):
        check_cameras("cameras", [cameras[0], cameras[1].in_unit("m")])
    with pytest.raises(ValueError, match=r"cameras\[0\]: expected a Camera, got int"):
        check_cameras("cameras", [3])


GOOD = {"R": np.eye(3), "t": (0, 0, 0), "focal": (1, 1), "centre": (0, 0)}


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"R": np.eye(2)}, r"R: expected shape \(3, 3\), got \(2, 2\)"),
        ({"R": 2 * np.eye(3)}, "R: expected a rotation matrix"),
        ({"R": -np.eye(3)}, "R: expected a rotation matrix"),
        ({"R": 1e200 * np.eye(3)}, "R: expected a rotation matrix"),
        ({"t": (0, 0, np.nan)}, r"t\[2\]: expected a finite value"),
        ({"t": (0, 1e31, 0)}, r"t\[1\]: expected at most 1e\+30 in size, got 1e\+31"),
        ({"focal": (1, 0)}, "focal: expected more than 0"),
        ({"distortion": (1, 2)}, "distortion: expected 4, 5, 8, 12 or 14 coefficients, got 2"),
        ({"distortion": np.ones(8), "model": "h36m"}, "distortion: expected five coefficients"),
        ({"distortion": np.ones(14)}, r"distortion: expected no tilted sensor, got \[1"),
        ({"distortion": (0, 0, 0, np.nan)}, r"distortion\[3\]: expected a finite value"),
        ({"model": "fisheye"}, "model: expected one of none, opencv, h36m, got 'fisheye'"),
        ({"model": "none", "distortion": (1, 0, 0, 0, 0)}, "distortion: expected zeros"),
        ({"unit": "inch"}, "unit: expected one of mm, cm, m, got 'inch'"),
    ],
)
def test_bad_cameras_are_named(changed, message):
    with pytest.raises(ValueError, match=message):
        Camera(**{**GOOD, **changed})


def test_bad_entries_and_points_are_named():
    with pytest.raises(ValueError, match="entry: expected the key 'T', got R"):
        Camera.from_h36m({"R": np.eye(3)})
    entry = {"K": [[1, 0.01, 0], [0, 1, 0], [0, 0, 1]], "R": np.eye(3), "t": [0, 0, 0]}
    with pytest.raises(ValueError, match=r"entry\['K'\]: expected no skew .* \[\[1.0, 0.01"):
        Camera.from_panoptic(entry)
    entry = {**entry, "K": np.eye(3), "distCoef": [1, 2, 3]}
    with pytest.raises(ValueError, match=r"entry\['distCoef'\]: expected 4, 5, .*, got 3"):
        Camera.from_panoptic(entry)
    with pytest.raises(ValueError, match=r"entry\['t'\]: expected an array of real numbers"):
        Camera.from_panoptic({**entry, "t": [[0], [1, 2]]})
    with pytest.raises(ValueError, match=r"entry\['T'\]\[1\]: expected at most 1e\+30 in size"):
        Camera.from_h36m({"R": np.eye(3), "T": [0, 1e200, 0], "f": [1] * 2, "c": [1] * 2})
    with pytest.raises(ValueError, match=r"entry\['k'\]: expected 2, 3 or 6 numbers, got 4"):
        Camera.from_h36m({"R": np.eye(3), "T": [0] * 3, "f": [1] * 2, "c": [1] * 2, "k": [0] * 4,
                          "p": [0] * 2})  # fmt: skip
    with pytest.raises(ValueError, match=r"entry\['T'\]\[1\]: expected at most 1e\+30 in size"):
        Camera.from_h36m({"R": np.eye(3), "T": [0, 1e308, 0]})
    for plane in (10**400, "ab", [], [1e308, 0]):
        with pytest.raises(ValueError, match="^plane.*: expected"):
            STRAIGHT.to_pixels(plane)
    for make in (Camera.from_panoptic, Camera.from_h36m, Camera.from_shelf):
        with pytest.raises(ValueError, match="entry: expected a mapping, got int"):
            make(3)
    for cameras in (3, STRAIGHT):
        with pytest.raises(ValueError, match="cameras: expected a sequence of Camera, got "):
            check_cameras("cameras", cameras)
    with pytest.raises(ValueError, match=r"points: expected shape \(..., 3\), got \(2,\)"):
        STRAIGHT.project([1, 2])
    with pytest.raises(ValueError, match=r"pixels: expected shape \(..., 2\), got \(3,\)"):
        STRAIGHT.undistort([1, 2, 3])
