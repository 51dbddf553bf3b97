"""The simple baseline of lifting: one 2-D pose to one 3-D pose, by a plain deep network.

    keypoints (J, 2), as 2 J numbers
      linear, BN, ReLU, dropout                                            ->  (D)
      S stages, each  x + (linear, BN, ReLU, dropout, twice)               ->  (D)
      linear                                                               ->  (3 J')

Martinez et al., "A simple yet effective baseline for 3d human pose estimation", ICCV 2017,
arXiv:1705.03098: D = 1024, S = 2, dropout 0.5; with 16 joints in and out 4,291,632 parameters. The
network does not see the image: the paper shows that keypoints alone give nearly the same accuracy.

Inputs and outputs have mean 0 and standard deviation 1. `Normalisation` holds the means and
deviations of a training set; `lift` uses it to go from pixels to millimetres. The weights have the
names of the PyTorch port (weigq/3d_pose_baseline_pytorch).
"""

from typing import NamedTuple

import numpy as np

from npkpose import nn
from npkpose._check import check_array, check_kind, check_number
from npkpose.nn._shapes import check_count, check_counts

_FLOATS = (np.float32, np.float64)  # these dtypes are kept; others become float32


class Normalisation(NamedTuple):
    """Means and deviations of a training set's poses; a deviation of 0 is replaced by 1."""

    mean_2d: np.ndarray  # (J, 2)
    std_2d: np.ndarray  # (J, 2)
    mean_3d: np.ndarray  # (J', 3)
    std_3d: np.ndarray  # (J', 3)

    @classmethod
    def of(cls, poses_2d, poses_3d):
        """Return means and deviations of poses (N, J, 2) and (N, J', 3), N at least 1."""
        statistics = []
        for name, poses, size in (("poses_2d", poses_2d, 2), ("poses_3d", poses_3d, 3)):
            poses = check_array(name, poses, ("N", "J", size))
            if len(poses) == 0:
                raise ValueError(f"{name}: expected at least one pose, got none")
            std = poses.std(axis=0)
            statistics += [poses.mean(axis=0), np.where(std > 0, std, 1.0)]
        return cls(*statistics)


class Simple3D(nn.Module):
    """Map 2-D poses (N, J, 2) to 3-D poses (N, J', 3), both normalised.

    Parameters
    ----------
    joints : (int, int)
        J and J'.
    features : int
        D.
    stages : int
        S.
    dropout : float
    rng : numpy.random.Generator, optional
        Draws the initial weights and the dropout; default a generator of seed 0.
    """

    normalisation = None  # of the training set; see `models.load_published`

    def __init__(self, joints=(16, 16), features=1024, stages=2, dropout=0.5, *, rng=None):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        self.joints = check_counts("joints", joints, 2)
        check_count("features", features, 1)
        check_number("dropout", dropout, at_least=0, at_most=1)
        self.w1 = nn.Linear(2 * self.joints[0], features, rng=rng)
        self.batch_norm1 = FeatureNorm(features)
        self.relu, self.dropout = nn.ReLU(), nn.Dropout(dropout, rng=rng)
        count = check_count("stages", stages)
        self.linear_stages = [Stage(features, dropout, rng) for _ in range(count)]
        self.w2 = nn.Linear(features, 3 * self.joints[1], rng=rng)

    def forward(self, x):
        """Return the 3-D poses of 2-D poses ``x``; the layers keep what they need."""
        x = check_array("x", x, ("N", self.joints[0], 2), _FLOATS, finite=False)
        y = x.reshape(len(x), 2 * self.joints[0])
        for layer in self._layers():
            y = layer(y)
        return y.reshape(len(x), self.joints[1], 3)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        N = len(dy)
        dx = np.reshape(dy, (N, 3 * self.joints[1]))
        for layer in reversed(self._layers()):
            dx = layer.backward(dx)
        return dx.reshape(N, self.joints[0], 2)

    def lift(self, keypoints, normalisation=None):
        """Return the 3-D poses (N, J', 3) of ``keypoints`` (N, J, 2), in the training set's units.

        ``normalisation`` is a `Normalisation`; default: the network's own, if it is published
        with one. Raises ValueError if there is none.
        """
        keypoints = check_array("keypoints", keypoints, ("N", self.joints[0], 2))
        normalisation = self.normalisation if normalisation is None else normalisation
        mean_2d, std_2d, mean_3d, std_3d = self._check(normalisation)
        x = ((keypoints - mean_2d) / std_2d).astype(np.float32)
        return self.forward(x) * std_3d + mean_3d

    def _check(self, normalisation):
        """Return the arrays of a `Normalisation` for this network's joints, or raise ValueError."""
        check_kind("normalisation", normalisation, Normalisation)
        for name, array in normalisation._asdict().items():
            shape = (self.joints[0], 2) if name.endswith("2d") else (self.joints[1], 3)
            yield check_array(f"normalisation.{name}", array, shape)

    def _layers(self):
        first = [self.w1, self.batch_norm1, self.relu, self.dropout]
        return [*first, *self.linear_stages, self.w2]


class Stage(nn.Module):
    """x + (linear, BN, ReLU, dropout, twice), for (N, D)."""

    def __init__(self, features, dropout, rng):
        super().__init__()
        self.w1 = nn.Linear(features, features, rng=rng)
        self.batch_norm1 = FeatureNorm(features)
        self.w2 = nn.Linear(features, features, rng=rng)
        self.batch_norm2 = FeatureNorm(features)
        self.relus = [nn.ReLU(), nn.ReLU()]
        self.dropouts = [nn.Dropout(dropout, rng=rng) for _ in range(2)]

    def forward(self, x):
        """Return the stage's output; the layers keep what they need."""
        y = x
        for layer in self._layers():
            y = layer(y)
        return x + y

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dx = dy
        for layer in reversed(self._layers()):
            dx = layer.backward(dx)
        return dx + dy

    def _layers(self):
        first = [self.w1, self.batch_norm1, self.relus[0], self.dropouts[0]]
        return [*first, self.w2, self.batch_norm2, self.relus[1], self.dropouts[1]]


class FeatureNorm(nn.BatchNorm2d):
    """Batch normalisation of (N, D), each example as an image of one pixel."""

    def forward(self, x):
        """Return normalised ``x``; keep what `BatchNorm2d` does."""
        return super().forward(x[:, :, None, None])[:, :, 0, 0]

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        return super().backward(dy[:, :, None, None])[:, :, 0, 0]
