"""Read maps at points between their pixels, by bilinear interpolation.

    y[n,c,p] = sum_{h,w} tent(v[n,p] - h) tent(u[n,p] - w) x[n,c,h,w],   tent(t) = max(0, 1 - |t|)

(u, v) is point p in pixels. Points come in as PyTorch's ``grid_sample`` with align_corners=True
takes them: -1 is the centre of the first pixel and 1 that of the last, u = (px + 1) (W - 1) / 2.
Outside the map there is zero. Four weights of a point are not zero, so that y gathers four pixels;
with all of them as a matrix A[n] (P, H W)

    dx[n] = dy[n] A[n],    du[n,p] = sum_c dy[n,c,p] (dy/du)[n,c,p]

and dy/du is the difference of neighbours. Jaderberg et al., "Spatial Transformer Networks", NIPS
2015, arXiv:1506.02025.
"""

import numpy as np

from npkpose._check import check_array
from npkpose.nn._shapes import check_gradient, check_images
from npkpose.nn.module import Module

_CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))  # steps in x and y from the pixel left above


class GridSample(Module):
    """Map images (N, C, H, W) and points (N, P, 2) to values (N, C, P)."""

    def forward(self, x, points):
        """Return ``x`` at ``points`` (x, y); keep the four pixels around each and their weights."""
        x = check_images(x)
        N, C, H, W = x.shape
        points = check_array("points", points, (N, "P", 2), x.dtype)
        if H < 1 or W < 1:
            raise ValueError(f"x: expected pixels to sample, got shape {x.shape}")
        index, fraction, inside = _corners(points, (H, W))
        P = points.shape[1]
        flat = x.reshape(N, C, H * W)
        index = index.reshape(N, 1, 4 * P)
        values = np.take_along_axis(flat, index, axis=2).reshape(N, C, 4, P)
        values *= inside[:, None]
        weight = _tents(fraction) * inside  # (N, 4, P)
        self.save_for_backward(values, index, weight, fraction, x.shape)
        return np.einsum("nckp,nkp->ncp", values, weight)

    def backward(self, dy):
        """Given dL/dy, return dL/dx and dL/dpoints."""
        values, index, weight, fraction, shape = self.saved()
        N, C, H, W = shape
        P = weight.shape[2]
        dy = check_gradient(dy, (N, C, P), values.dtype)
        dx = np.empty((N, C, H * W), dy.dtype)
        rows = np.tile(np.arange(P), 4)
        for n in range(N):  # A of one image at a time: P H W numbers
            A = np.zeros((P, H * W), dy.dtype)
            np.add.at(A, (rows, index[n, 0]), weight[n].ravel())
            np.matmul(dy[n], A, out=dx[n])
        corners = np.einsum("ncp,nckp->nkp", dy, values)
        fx, fy = fraction[..., 0], fraction[..., 1]
        du = (1 - fy) * (corners[:, 1] - corners[:, 0]) + fy * (corners[:, 3] - corners[:, 2])
        dv = (1 - fx) * (corners[:, 2] - corners[:, 0]) + fx * (corners[:, 3] - corners[:, 1])
        half = np.array([W - 1, H - 1], dy.dtype) / 2
        return dx.reshape(shape), np.stack([du, dv], axis=-1) * half


def _corners(points, size):
    """Return the index of four pixels, the way to the point from the first, and which exist."""
    last = np.array(size[::-1], points.dtype) - 1
    place = (points + 1) * (last / 2)
    place = np.clip(place, -2, last + 2)  # far outside is outside, and a whole number still fits
    first = np.floor(place)
    pixels = first[:, None].astype(int) + np.array(_CORNERS)[:, None]  # (N, 4, P, 2)
    inside = ((pixels >= 0) & (pixels <= last)).all(axis=-1)
    pixels = pixels.clip(0, last.astype(int))
    return pixels[..., 1] * size[1] + pixels[..., 0], place - first, inside


def _tents(fraction):
    """Return the weights (N, 4, P) of four pixels, ``fraction`` (N, P, 2) being how far along."""
    fx, fy = fraction[..., 0], fraction[..., 1]
    tents_x, tents_y = (1 - fx, fx), (1 - fy, fy)
    return np.stack([tents_x[i] * tents_y[j] for i, j in _CORNERS], axis=1)
