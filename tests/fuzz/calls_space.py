"""Valid arguments of `npkpose.space`."""

import numpy as np

from npkpose import space


def _camera(d):
    return {
        "R": d.rotation(), "t": d.array(3), "focal": d.array(2, 1, 16), "centre": d.array(2),
        "distortion": d.choice((0, 0, 0, 0, 0), (0.125, 0, 0, 0), np.full(5, 0.0625)),
        "model": d.choice("opencv", "h36m"), "unit": d.choice("mm", "cm", "m"),
    }  # fmt: skip


def _triangulate(d):
    V, shape = d.size(0, 4), d.choice((3,), (2, 2), ())
    return {
        "pixels": d.points((V, *shape)), "cameras": d.cameras(V),
        "weights": d.choice(None, d.array((V, *shape), 0, 1)), "robust": d.chance(),
        "refine": d.chance(), "threshold": d.number(1, 16),
    }  # fmt: skip


def _associate(d):
    V = d.size(0, 3)
    return {
        "people": [d.poses(4) for _ in range(V)], "cameras": d.cameras(V),
        "max_distance": d.number(1, 16), "min_views": d.size(1, 3), "min_score": d.number(0, 1),
    }  # fmt: skip


def _triangulate_people(d):
    people = [d.poses(4, people=2) for _ in range(3)]
    members = d.integers((d.size(0, 3), 3), -1, 1)
    threshold = d.number(1, 16)
    return {"people": people, "cameras": d.cameras(3), "members": members, "threshold": threshold}


def _procrustes(d):
    shape = (*d.choice((), (2,)), d.size(1, 5))
    weights = d.choice(None, d.array(shape, 0.0625, 1))
    points = {"points": d.points_3d(shape), "targets": d.points_3d(shape)}
    return {**points, "scale": d.chance(), "weights": weights}


def _smpl(d):
    return {"data": space.tube_body(np.random.default_rng(0)),
            "dtype": d.choice(np.float32, np.float64)}  # fmt: skip


def _small_smpl(d):
    template, parents = d.array((5, 3)), np.array([-1, 0, 1])
    directions = d.array((5, 3, 2)), d.array((5, 3, 18))
    weights, faces = np.eye(5, 3), np.array([[0, 1, 2]])
    body = space.BodyData(template, *directions, np.eye(3, 5), weights, parents, faces)
    arguments = {"rotations": d.rotation(2, 3), "shapes": d.array((2, 2))}
    return space.SMPL(body, np.float64), arguments


def _smpl_forward(d):
    model, arguments = _small_smpl(d)
    return {"self": model, **arguments, "translation": d.choice(None, d.array((2, 3)))}


def _smpl_backward(d):
    model, arguments = _small_smpl(d)
    model(**arguments)
    return {"self": model, "dvertices": d.array((2, 5, 3)), "djoints": d.array((2, 3, 3))}


def _entry(d):
    lens = {"k": [0.125, 0.0, 0.0], "p": [0.0, 0.0]}
    place = {"R": np.eye(3).tolist(), "T": d.array(3).tolist()}
    return place, lens


def _panoptic(d):
    K = [[16.0, 0, 8], [0, 16, 8], [0, 0, 1]]
    place = {"R": np.eye(3).tolist(), "t": d.array((3, 1)).tolist()}
    return {"entry": {"K": K, "distCoef": [0.125, 0, 0, 0, 0], **place}, "unit": "cm"}


def _h36m(d):
    place, lens = _entry(d)
    return {"entry": {**place, **lens, "f": [16, 16], "c": [8, 8]}, "unit": "m"}


def _shelf(d):
    place, lens = _entry(d)
    numbers = {"fx": 16, "fy": 16, "cx": 8, "cy": 8}
    return {"entry": {**place, **lens, **numbers}, "unit": "mm"}


CALLS = {
    "Camera": _camera,
    "Camera.from_h36m": _h36m,
    "Camera.from_panoptic": _panoptic,
    "Camera.from_shelf": _shelf,
    "Camera.in_unit": lambda d: {"self": d.camera(), "unit": d.choice("mm", "cm", "m")},
    "Camera.project": lambda d: {"self": d.camera(), "points": d.points_3d(3)},
    "Camera.project_derivative": lambda d: {"self": d.camera(), "points": d.points_3d(3)},
    "Camera.rays": lambda d: {"self": d.camera(), "pixels": d.points(3)},
    "Camera.to_camera": lambda d: {"self": d.camera(), "points": d.points_3d(3)},
    "Camera.to_pixels": lambda d: {"self": d.camera(), "plane": d.points(3)},
    "Camera.to_world": lambda d: {"self": d.camera(), "points": d.points_3d(3)},
    "Camera.undistort": lambda d: {"self": d.camera(), "pixels": d.points(3)},
    "SMPL": _smpl,
    "SMPL.backward": _smpl_backward,
    "SMPL.forward": _smpl_forward,
    "Similarity.apply": lambda d: {
        "self": space.procrustes(d.points_3d(4), d.points_3d(4)), "points": d.points_3d(3),
    },
    "associate": _associate,
    "axis_angle_to_matrix": lambda d: {"axis_angle": d.array((3, 3))},
    "axis_angle_to_matrix_backward": lambda d: {
        "axis_angle": d.array((2, 3)), "dR": d.array((2, 3, 3)),
    },
    "coco_to_h36m": lambda d: {"keypoints": d.points((d.size(0, 3), 17))},
    "cross_matrix": lambda d: {"v": d.array((2, 3))},
    "fill_gaps": lambda d: {"keypoints": d.points((d.size(1, 5), d.size()), missing=0.1)},
    "matrix_to_axis_angle": lambda d: {"R": d.rotation(2)},
    "matrix_to_quaternion": lambda d: {"R": d.rotation(2)},
    "matrix_to_six_d": lambda d: {"R": d.rotation(2)},
    "procrustes": _procrustes,
    "quaternion_to_matrix": lambda d: {"quaternion": d.array((3, 4), 1, 4)},
    "quaternion_to_matrix_backward": lambda d: {
        "quaternion": d.array((2, 4), 1, 4), "dR": d.array((2, 3, 3)),
    },
    "six_d_to_matrix": lambda d: {"six_d": d.rotation(3)[..., :2].reshape(3, 6)},
    "six_d_to_matrix_backward": lambda d: {
        "six_d": d.rotation(2)[..., :2].reshape(2, 6), "dR": d.array((2, 3, 3)),
    },
    "triangulate": _triangulate,
    "triangulate_people": _triangulate_people,
    "tube_body": lambda d: {"rng": d.generator(), "shapes": d.size(0, 3)},
}  # fmt: skip
