"""Lifting sequences and triangulating points: ``python -m benchmarks.space``.

Networks: windows of a sequence in evaluation mode, against the same network in PyTorch with the
same weights, on all cores. Triangulation: 100,000 points within 0.8 m of the
centre of cameras 4 m away, with 2 px of noise, on one thread. A NumPy loop of SVDs is timed on a
twentieth of the points; OpenCV removes the lens distortion, if any, and triangulates two views.
All alternate in one process, after their outputs are asserted equal.
"""

import numpy as np

from benchmarks.timing import Row, first_call, print_table, smallest_ms
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.videopose3d import VideoPose3D
from npkpose.space import Camera, triangulate

NETWORKS = {  # class, its first argument, which the PyTorch class has too, and frames
    "VideoPose3D-243": (VideoPose3D, (3, 3, 3, 3, 3), 243),
    "MHFormer-81": (MHFormer, 81, 81),
}
WINDOWS = {"VideoPose3D-243": (1,), "MHFormer-81": (1, 16)}  # batches; `MHFormer.lift` uses 16
LENSES = {"no lens": (0, 0, 0, 0, 0), "lens": (-0.28, 0.17, -2e-3, 1e-3, -0.037)}
POINTS, VIEWS, NOISE = 100_000, 5, 2.0
LOOP_FRACTION = 20  # the loop is timed on one in 20 points
RUNS = 10


def rows(points=POINTS, runs=RUNS):
    """Yield a `timing.Row` for each network, then for each kind of triangulation."""
    for name in NETWORKS:
        for windows in WINDOWS[name]:
            yield _network_row(name, windows, runs)
    for lens, numbers in LENSES.items():
        cameras = ring(numbers)
        pixels = views_of(cameras, points)
        yield from _svd_rows(lens, cameras, pixels, runs)
        yield from _opencv_rows(lens, cameras[:2], pixels[:2], runs)


def ring(distortion):
    """Return cameras at even angles on a circle of 4 m, in mm, looking at its centre."""
    cameras = []
    for angle in 2 * np.pi * np.arange(VIEWS) / VIEWS:
        forward = np.array([-np.cos(angle), -np.sin(angle), 0.0])
        right = np.array([-np.sin(angle), np.cos(angle), 0.0])
        R = np.stack([right, np.cross(forward, right), forward])
        camera = Camera(R, -R @ (-4000 * forward), (1100, 1090), (960, 540), distortion)
        cameras.append(camera)
    return cameras


def views_of(cameras, count, seed=0):
    """Return the noisy pixels (V, count, 2) of random points around the centre."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-800, 800, (count, 3))
    pixels = np.stack([camera.project(points) for camera in cameras])
    return pixels + rng.normal(0, NOISE, pixels.shape)


def svd_loop(pixels, cameras):
    """Return the linear solution (M, 3) as in textbooks, with one SVD per point."""
    undistorted = [camera.undistort(seen) for camera, seen in zip(cameras, pixels)]
    matrices = [camera.P for camera in cameras]
    found = np.empty((pixels.shape[1], 3))
    for m in range(len(found)):
        rows = []
        for P, seen in zip(matrices, undistorted):
            rows += [seen[m, 0] * P[2] - P[0], seen[m, 1] * P[2] - P[1]]
        x = np.linalg.svd(np.array(rows))[2][-1]
        found[m] = x[:3] / x[3]
    return found


def _network_row(name, windows, runs):
    network, argument, frames = NETWORKS[name]
    model = network(argument).eval()
    x = np.random.default_rng(0).standard_normal((windows, frames, 17, 2), dtype=np.float32)
    tasks = [lambda: model(x)]
    first = first_call(tasks[0])
    peer, twin = torch_twin(model, argument)
    if twin is not None:
        np.testing.assert_allclose(twin(x), model(x), rtol=0, atol=1e-5 * abs(model(x)).max())
        tasks.append(lambda: twin(x))
    times = (*smallest_ms(*tasks, runs=runs), np.nan)
    return Row(name, f"{windows} x {frames} frames", first, times[0], peer, times[1])


def torch_twin(model, argument):
    """Return the peer's name and forward function with the same weights, None without PyTorch."""
    try:
        import torch
    except ImportError:
        return "torch is not installed", None
    from benchmarks import torch_space

    twin = getattr(torch_space, type(model).__name__)(argument).eval()
    twin.load_state_dict({k: torch.from_numpy(a) for k, a in model.state_dict().items()})

    def forward(x):
        with torch.inference_mode():
            return twin(torch.from_numpy(x)).numpy()

    return f"torch {torch.__version__} eager", forward


def _svd_rows(lens, cameras, pixels, runs):
    few = np.ascontiguousarray(pixels[:, : pixels.shape[1] // LOOP_FRACTION])
    linear = triangulate(few, cameras, refine=False).points
    far = np.linalg.norm(svd_loop(few, cameras) - linear, axis=1)
    assert far.max() < 5.0  # mm: the DLT solution depends on the unit and the origin
    for kernel, refine in (("triangulate, linear", False), ("triangulate, refined", True)):

        def task(refine=refine):
            return triangulate(pixels, cameras, refine=refine)

        first = first_call(task)
        ms, loop_ms = smallest_ms(task, lambda: svd_loop(few, cameras), runs=runs)
        loop_ms *= pixels.shape[1] / few.shape[1]
        size = f"{pixels.shape[1]} x {len(cameras)}, {lens}"
        yield Row(kernel, size, first, ms, "NumPy loop of SVDs", loop_ms)


def opencv_points(pixels, cameras):
    """Return the points (M, 3) of two views by OpenCV, after removing any lens distortion."""
    import cv2

    undistorted = [
        seen if camera.lens.is_pinhole else
        cv2.undistortPoints(seen[:, None], camera.K, np.array(camera.lens[:5]), P=camera.K)[:, 0]
        for camera, seen in zip(cameras, pixels)
    ]  # fmt: skip
    x = cv2.triangulatePoints(*(camera.P for camera in cameras), *(s.T for s in undistorted))
    return (x[:3] / x[3]).T


def _opencv_rows(lens, cameras, pixels, runs):
    try:
        import cv2
    except ImportError:
        cv2 = None
    peer = "OpenCV is not installed"
    if cv2 is not None:
        cv2.setNumThreads(1)
        peer = f"OpenCV {cv2.__version__} triangulatePoints"
        far = opencv_points(pixels, cameras) - triangulate(pixels, cameras, refine=False).points
        assert np.median(np.linalg.norm(far, axis=1)) < 0.5  # as above
    for kernel, refine in (("triangulate, linear", False), ("triangulate, refined", True)):
        tasks = [lambda refine=refine: triangulate(pixels, cameras, refine=refine)]
        first = first_call(tasks[0])
        tasks += [] if cv2 is None else [lambda: opencv_points(pixels, cameras)]
        times = (*smallest_ms(*tasks, runs=runs), np.nan)
        size = f"{pixels.shape[1]} x 2, {lens}"
        yield Row(kernel, size, first, times[0], peer, times[1])


if __name__ == "__main__":
    print_table(__doc__, rows, threads="networks on all threads")
