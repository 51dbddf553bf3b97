"""Random valid values. Numbers lie on a lattice of sixteenths, which float16 holds exactly."""

import numpy as np

from npkpose import BODY_25, COCO_17, OPENPOSE_18, Grid, Peaks, Poses, Skeleton, space
from npkpose.data import Scene

CHAIN = Skeleton("chain", ("a", "b", "c", "d"), ((0, 1), (1, 2), (2, 3)), ((0, 1), (2, 3)))


class Draw:
    """Values from one seed."""

    def __init__(self, rng):
        self.rng = rng

    def size(self, low=1, high=4):
        return int(self.rng.integers(low, high + 1))

    def chance(self, p=0.5):
        return bool(self.rng.random() < p)

    def choice(self, *values):
        return values[self.rng.integers(len(values))]

    def number(self, low=0.0625, high=4.0):
        return float(self.array((), low, high))

    def array(self, shape, low=-4.0, high=4.0):
        """Return float64 on the lattice, now and then all zero."""
        values = self.rng.integers(round(16 * low), round(16 * high) + 1, shape) / 16
        return np.asarray(values if self.chance(0.95) else np.full(shape, float(max(low, 0))))

    def integers(self, shape, low, high):
        return self.rng.integers(low, high + 1, shape)

    def flags(self, shape):
        return self.rng.random(shape) < 0.7

    def points(self, shape, high=16.0, missing=0.2):
        """Return (x, y) (..., 2), NaN where missing."""
        shape = np.atleast_1d(np.array(shape, int))
        points = self.array((*shape, 2), 0, high)
        points[self.rng.random(shape) < missing] = np.nan
        return points

    def points_3d(self, shape):
        return self.array((*np.atleast_1d(shape), 3), -16, 16)

    def image(self, low=1, high=12):
        return self.rng.integers(0, 256, (self.size(low, high), self.size(low, high), 3), np.uint8)

    def maps(self, *leading, side=(3, 12)):
        """Return heatmaps in [0, 1]."""
        return self.array((*leading, self.size(*side), self.size(*side)), 0, 1)

    def skeleton(self):
        return self.choice(CHAIN, CHAIN, COCO_17, OPENPOSE_18, BODY_25)

    def poses(self, num_keypoints, people=None):
        people = self.size(0, 3) if people is None else people
        scores = self.array((people, num_keypoints), 0, 1)
        return Poses(self.points((people, num_keypoints)), scores)

    def peaks(self, maps):
        """Return up to two peaks in every map."""
        counts = self.integers(len(maps), 0, 2)
        first = np.concatenate([[0], counts.cumsum()])
        x, y = self.rng.integers(maps.shape[:0:-1], size=(first[-1], 2)).T
        which = np.repeat(np.arange(len(maps)), counts)
        return Peaks(np.stack([x, y], 1).astype(float), maps[which, y, x].astype(float), first)

    def grid(self):
        stride = self.choice(1.0, 2, 4.0, (2.0, 4.0))
        return self.choice(None, Grid(stride, self.choice("index", "centre", "corner")))

    def rotation(self, *leading):
        q, r = np.linalg.qr(self.rng.normal(size=(*leading, 3, 3)))
        q *= np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
        q[..., 0] *= np.linalg.det(q)[..., None]
        return q

    def camera(self, place=0.0):
        lens = self.choice((0, 0, 0, 0, 0), (0.125, -0.0625, 0, 0, 0))
        return space.Camera(np.eye(3), (place, 0, 64), (16, 16), (8, 8), lens)

    def cameras(self, count):
        return [self.camera(8.0 * v) for v in range(count)]

    def scene(self, num_keypoints):
        people = self.size(0, 2)
        visibility = self.integers((people, num_keypoints), 0, 2)
        keypoints = self.points((people, num_keypoints), missing=0)
        keypoints[visibility == 0] = np.nan
        boxes = np.tile([0.0, 0.0, 6.0, 8.0], (people, 1))
        image = self.image(9, 12)
        return Scene(image, keypoints, visibility, boxes, boxes[:, 3] * 4, np.zeros(people, bool))

    def boxes(self, count):
        corner = self.array((count, 2), 0, 8)
        return np.concatenate([corner, corner + self.array((count, 2), 0.0625, 8)], 1)

    def generator(self):
        return np.random.default_rng(self.size(0, 99))

    def coco(self):
        """Return COCO annotations of two images and results for them."""
        images = [{"id": i, "width": 32, "height": 32, "file_name": f"{i}.png"} for i in (1, 2)]
        truth = [self._annotation(n) for n in range(self.size(0, 3))]
        found = [self._result(n) for n in range(self.size(0, 3))]
        names = list(COCO_17.keypoints)
        category = {"id": 1, "name": "person", "keypoints": names, "skeleton": [[1, 2]]}
        return {"images": images, "annotations": truth, "categories": [category]}, found

    def _annotation(self, n):
        flags = self.integers((17, 1), 0, 2)
        points = np.where(flags > 0, self.array((17, 2), 0, 16), 0)
        return {
            "id": n + 1, "image_id": self.size(1, 2), "category_id": 1, "iscrowd": 0,
            "keypoints": np.concatenate([points, flags], 1).ravel().tolist(),
            "num_keypoints": int((flags > 0).sum()), "bbox": [0, 0, 16, 16], "area": 128.0,
        }  # fmt: skip

    def _result(self, n):
        triples = np.concatenate([self.array((17, 2), 0, 16), np.ones((17, 1))], 1)
        score = self.number(0, 1)
        ids = {"image_id": self.size(1, 2), "category_id": 1}
        return {**ids, "keypoints": triples.ravel().tolist(), "score": score}
