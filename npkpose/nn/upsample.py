"""Resize images by a separable linear map: y = A_h x A_w^T for each channel.

A_h (Ho, H) and A_w (Wo, W) come from `npkpose.image.resample.resize_matrix`, which states
the coordinate conventions. The backward pass is the exact adjoint, A_h^T dy A_w. Being
products, both spread a NaN or infinity over its row and column. Nearest pixels by a whole factor
are copies of pixels instead.
"""

from npkpose._check import MAX_SIDE, check_choice, check_memory, check_number, shown
from npkpose.image.resample import resize_matrix
from npkpose.nn._shapes import check_gradient, check_images, pair
from npkpose.nn.module import Module


class Upsample(Module):
    """Resize images (N, C, H, W) to ``size`` or by ``scale_factor``.

    Parameters
    ----------
    size : int or (Ho, Wo)
        Output size; give this or ``scale_factor``, not both.
    scale_factor : float or (vertical, horizontal)
        Output pixels per input pixel; the output size is rounded down.
    mode : "nearest", "bilinear" or "bicubic"
    align_corners : bool, optional
        For "bilinear": map corner pixels onto corner pixels. Default False, the only choice
        for "bicubic".
    tf1 : bool
        For "bilinear": TensorFlow 1's sampling, without half-pixel centres.
    """

    def __init__(
        self, size=None, scale_factor=None, mode="nearest", align_corners=None, *, tf1=False
    ):
        super().__init__()
        if (size is None) == (scale_factor is None):
            raise ValueError("size: expected either size or scale_factor, got both or neither")
        check_choice("mode", mode, ("nearest", "bilinear", "bicubic"))
        if mode == "nearest" and align_corners is not None or mode != "bilinear" and (
            align_corners or tf1
        ):
            raise ValueError(f'align_corners, tf1: expected mode="bilinear", got {mode!r}')
        if align_corners and tf1:
            raise ValueError("tf1: expected no align_corners beside it, got both")
        self.size = None if size is None else pair("size", size, 1)
        self.scale_factor = None if size is not None else _factors(scale_factor)
        self.method = "align_corners" if align_corners else "tf1" if tf1 else mode

    def forward(self, x):
        """Return the resized images; keep the two matrices, or how often pixels are repeated."""
        x = check_images(x)
        factors = self._whole_factors(x.shape[2:])
        if factors is not None:  # nearest pixels: each is repeated
            self.save_for_backward(factors, x.shape, x.dtype)
            with check_memory("size, scale_factor"):
                return x.repeat(factors[1], axis=3).repeat(factors[0], axis=2)
        A_h, A_w = (self._matrix(axis, x.shape[2 + axis]).astype(x.dtype) for axis in (0, 1))
        with check_memory("size, scale_factor"):
            y = A_h @ (x @ A_w.T)
        self.save_for_backward(None, A_h, A_w, y.shape)
        return y

    def backward(self, dy):
        """Return dL/dx."""
        factors, *kept = self.saved()
        if factors is not None:
            return _sum_blocks(dy, factors, *kept)
        A_h, A_w, shape = kept
        dy = check_gradient(dy, shape, A_h.dtype)
        return (A_h.T @ dy) @ A_w

    def _whole_factors(self, size):
        """Return how often pixels are repeated along both axes, or None for another resize."""
        if self.method != "nearest" or min(size) < 1:
            return None
        wanted = [self._output_side(axis, n) for axis, n in enumerate(size)]
        factors = tuple(out // n for n, out in zip(size, wanted))
        whole = min(factors) >= 1 and all(n * f == out for n, f, out in zip(size, factors, wanted))
        return factors if whole else None

    def _output_side(self, axis, n_in):
        return int(n_in * self.scale_factor[axis]) if self.size is None else self.size[axis]

    def _matrix(self, axis, n_in):
        n_out = self._output_side(axis, n_in)
        scale = None if self.size is not None else 1.0 / self.scale_factor[axis]
        if n_in < 1 or n_out < 1:
            raise ValueError(f"x: expected pixels to resize, got {n_in} and {n_out} of them after")
        with check_memory("size, scale_factor"):
            return resize_matrix(n_in, n_out, self.method, scale)


def _sum_blocks(dy, factors, shape, dtype):
    """Return the gradient of pixels that were repeated: the sums of their copies' gradients."""
    (fh, fw), (N, C, H, W) = factors, shape
    dy = check_gradient(dy, (N, C, H * fh, W * fw), dtype)
    rows = dy.reshape(N, C, H, fh, W * fw).sum(axis=3)
    return rows.reshape(N, C, H, W, fw).sum(axis=4)


def _factors(value):
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"scale_factor: expected a number or a pair, got {shown(value)}")
    return tuple(check_number("scale_factor", item, above=0.0, at_most=MAX_SIDE) for item in value)
