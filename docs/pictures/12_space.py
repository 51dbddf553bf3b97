"""Cameras around a point: how the error falls with the views, and one wrong view of eight."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import triangulate
from npkpose.space.camera import Camera


def ring(count, radius=4000.0):
    """Return cameras on a circle, all looking at its centre, in mm."""
    cameras = []
    for angle in 2 * np.pi * np.arange(count) / count:
        position = radius * np.array([np.cos(angle), np.sin(angle), 0.0])
        forward, down = -position / radius, np.array([0.0, 0.0, -1.0])
        R = np.stack([np.cross(down, forward), down, forward])
        cameras.append(Camera(R, -R @ position, (1000, 1000), (960, 540)))
    return cameras


rng = np.random.default_rng(0)
points = rng.uniform(-500, 500, (300, 3))
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.2))
for v, camera in enumerate(ring(5)):
    pixel = camera.project(points[0])
    if v == 1:
        pixel = pixel + [150, 0]
    x, y = camera.rays(pixel)
    ray = camera.R.T @ np.array([x, y, 1.0])
    ends = np.stack([camera.position, camera.position + 5600 * ray])
    left.plot(*ends[:, :2].T / 1000, c="#D55E00" if v == 1 else "#0072B2", lw=1)
    left.plot(*camera.position[:2] / 1000, "ks")
left.plot(*points[0, :2] / 1000, "o", c="#009E73", ms=9)
left.set(aspect="equal", xlabel="x, m", ylabel="y, m", title="Five rays, one 150 pixels off")

views = (2, 3, 4, 6, 8, 12, 16, 24)
for noise, style in ((1, "-o"), (4, "--s")):
    errors = []
    for count in views:
        cameras = ring(count + count % 2 + 1)[:count]
        pixels = np.stack([camera.project(points) for camera in cameras])
        found = triangulate(pixels + noise * rng.normal(size=pixels.shape), cameras)
        errors.append(np.linalg.norm(found.points - points, axis=1).mean())
    right.plot(views, errors, style, label=f"noise of {noise} px")
right.set(xlabel="cameras", ylabel="mean error, mm", ylim=(0, None), title="More views, less error")
right.legend()

cameras = ring(8)
pixels = np.stack([camera.project(points) for camera in cameras])
pixels += rng.normal(size=pixels.shape)
pixels[3, :, 0] += 150
for name, options in (("linear", {"refine": False}), ("refined", {}), ("robust", {"robust": True})):
    found = triangulate(pixels, cameras, **options).points
    print(f"{name:8s} {np.linalg.norm(found - points, axis=1).mean():6.1f} mm")
