"""PyMAF's features of points: what maps hold there, boiled down to five numbers each.

    v   = maps at the point                    C, bilinear
    y_0 = leaky(conv0(v))                      C / 2
    y_1 = leaky(conv1(y_0, v))                 C / 4
    y_2 = relu(conv2(y_1, v))                  5

leaky(t) is t above zero and 0.01 t below (Maas et al., "Rectifier Nonlinearities Improve Neural
Network Acoustic Models", ICML 2013). The same three layers see every point, as in Saito et al.,
"PIFu", ICCV 2019, arXiv:1905.05172, from whom `npkpose.models.mesh.pymaf`'s authors have them; where
the point is they are not told, but their numbers keep the order of the points.
"""

import numpy as np

from npkpose import nn
from npkpose.models.lifting.videopose3d import TimeConv

POINT_CHANNELS = 5
SLOPE = 0.01


class PointFeatures(nn.Module):
    """Map maps (N, C, H, W) at points (N, P, 2) to 5 numbers for each: (N, 5 P).

    ``widths`` are the channels of y_0 and y_1, as published C / 2 and C / 4.
    """

    def __init__(self, C, rng, widths=None):
        super().__init__()
        first, second = widths or (max(C // 2, 1), max(C // 4, 1))
        self.sample = nn.GridSample()
        self.conv0 = TimeConv(C, first, 1, bias=True, rng=rng)
        self.conv1 = TimeConv(first + C, second, 1, bias=True, rng=rng)
        self.conv2 = TimeConv(second + C, POINT_CHANNELS, 1, bias=True, rng=rng)
        self.relus = [LeakyReLU(), LeakyReLU(), nn.ReLU()]

    def forward(self, x, points):
        """Return the numbers, those of one channel together; the layers keep what they need."""
        values = self.sample.forward(x, points)[:, :, None]  # (N, C, 1, P)
        y = values[:, :0]
        for conv, relu in self._layers():
            y = relu(conv(np.concatenate([y, values], axis=1)))
        return y.reshape(len(y), POINT_CHANNELS * y.shape[3])

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dx, _ = self.sample.backward(self.learn(dy))
        return dx

    def learn(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/d(maps at the points)."""
        P = dy.shape[1] // POINT_CHANNELS
        dy = dy.reshape(len(dy), POINT_CHANNELS, 1, P)
        C, dvalues = self.conv0.in_channels, 0
        for conv, relu in reversed(self._layers()):
            dboth = conv.backward(relu.backward(dy))
            dy, dvalues = dboth[:, :-C], dvalues + dboth[:, -C:]
        return dvalues[:, :, 0]

    def _layers(self):
        return list(zip((self.conv0, self.conv1, self.conv2), self.relus))


class LeakyReLU(nn.Module):
    """x above zero and `SLOPE` x below."""

    def forward(self, x):
        """Return the activations; keep the slopes."""
        slope = np.where(x > 0, x.dtype.type(1), x.dtype.type(SLOPE))
        self.save_for_backward(slope)
        return x * slope

    def backward(self, dy):
        """Return dL/dx: dL/dy times the slope."""
        (slope,) = self.saved()
        return dy * slope
