"""PyMAF's features of points: the maps' values there, reduced by an MLP to five numbers each.

    v   = maps at the point                    C, bilinear
    y_0 = leaky(conv0(v))                      C / 2
    y_1 = leaky(conv1(y_0, v))                 C / 4
    y_2 = relu(conv2(y_1, v))                  5

leaky(t) is t above zero and 0.01 t below. Every point goes through the same three layers, as in
Saito et al., "PIFu", ICCV 2019, arXiv:1905.05172, from which the authors of PyMAF took them
(`npkpose.models.mesh.pymaf`). The layers do not get a point's position, but its five numbers have a
fixed place in the output.
"""

import numpy as np

from npkpose import nn

POINT_CHANNELS = 5
SLOPE = 0.01


class PointFeatures(nn.Module):
    """Map maps (N, C, H, W) at points (N, P, 2) to 5 numbers for each: (N, 5 P).

    ``widths`` are the channels of y_0 and y_1; the authors' are C / 2 and C / 4.
    """

    def __init__(self, C, rng, widths=None):
        super().__init__()
        first, second = widths or (max(C // 2, 1), max(C // 4, 1))
        self.sample = nn.GridSample()
        self.conv0 = nn.Conv1d(C, first, 1, rng=rng)
        self.conv1 = nn.Conv1d(first + C, second, 1, rng=rng)
        self.conv2 = nn.Conv1d(second + C, POINT_CHANNELS, 1, rng=rng)
        self.relus = [nn.LeakyReLU(SLOPE), nn.LeakyReLU(SLOPE), nn.ReLU()]

    def forward(self, x, points):
        """Return the numbers, all points' first numbers first; the layers keep what they need."""
        values = self.sample.forward(x, points)  # (N, C, P)
        y = values[:, :0]
        for conv, relu in self._layers():
            y = relu(conv(np.concatenate([y, values], axis=1)))
        return y.reshape(len(y), POINT_CHANNELS * y.shape[2])

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        dx, _ = self.sample.backward(self.values_backward(dy))
        return dx

    def values_backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dv (N, C, P)."""
        dy = dy.reshape(len(dy), POINT_CHANNELS, dy.shape[1] // POINT_CHANNELS)
        C, dvalues = self.conv0.in_channels, 0
        for conv, relu in reversed(self._layers()):
            dboth = conv.backward(relu.backward(dy))
            dy, dvalues = dboth[:, :-C], dvalues + dboth[:, -C:]
        return dvalues

    def _layers(self):
        return list(zip((self.conv0, self.conv1, self.conv2), self.relus))
