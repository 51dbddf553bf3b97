"""Cameras for the tests: a ring of five around the origin, in every lens model."""

import json

import numpy as np
import pytest

from npkpose.space.camera import Camera

LENSES = {
    "none": (0, 0, 0, 0, 0),
    "opencv": (-0.28, 0.17, -2e-3, 1e-3, -0.037),  # as strong as Panoptic's
    "h36m": (-0.2, 0.24, -1e-3, -3e-3, -0.002),
}


def looking_at_origin(position, model="opencv", unit="mm"):
    """Return a camera at ``position`` (3,) that sees the origin near its centre, world z up."""
    forward = -np.asarray(position, float) / np.linalg.norm(position)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    return Camera(R, -R @ position, (1100, 1090), (960, 540), LENSES[model], model, unit)


@pytest.fixture(scope="session")
def ring():
    """A function (model, count=5): cameras 4 m from the origin, at even angles, in mm."""

    def make(model="opencv", count=5):
        angles = 2 * np.pi * np.arange(count) / count
        x, y = 4000 * np.cos(angles), 4000 * np.sin(angles)
        positions = np.stack([x, y, 800 + 0 * angles], axis=1)
        return [looking_at_origin(position, model) for position in positions]

    return make


@pytest.fixture(scope="session")
def panoptic(shared_data):
    """The Panoptic Studio: its 31 HD cameras by node, and bodies (3, 19, 3) in cm, or NaN."""
    folder = shared_data / "panoptic"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/panoptic: a calibration that we may not distribute")
    entries = json.loads((folder / "calibration_160906_band1.json").read_bytes())["cameras"]
    cameras = {e["node"]: Camera.from_panoptic(e) for e in entries if e["type"] == "hd"}
    scene = json.loads(next(folder.glob("*/body3DScene_00000168.json")).read_text(encoding="utf-8"))
    joints = np.array([body["joints19"] for body in scene["bodies"]]).reshape(-1, 19, 4)
    return cameras, np.where(joints[..., 3:] > 0, joints[..., :3], np.nan)


@pytest.fixture(scope="session")
def shelf(shared_data):
    """The Shelf scene: 5 cameras, and detections frames[3][view]: (people, 17, 3) x, y, score."""
    folder = shared_data / "shelf"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/shelf: a calibration that we may not distribute")
    entries = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    found = json.loads((folder / "detections_hrnet_coco17.json").read_text(encoding="utf-8"))
    cameras = [Camera.from_shelf(entries[str(v)]) for v in range(5)]
    frames = [
        [np.array([person["pred"] for person in found[f"{v}_{f}"]]) for v in range(5)]
        for f in range(3)
    ]
    return cameras, frames
