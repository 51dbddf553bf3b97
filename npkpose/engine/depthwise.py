"""The gradient of a depthwise convolution's weight: each channel has a kernel of its own.

    dweight[c,i,j] = sum_{n,h,w} dy[n,c,h,w] x[n, c, s h + d i - p, s w + d j - p]

`npkpose.engine.conv_forward` has the convolution itself.
"""

import numpy as np

from npkpose.engine.tiling import padded


def depthwise_weight_gradient(x, dy, window):
    """Return dL/dweight (C, 1, kh, kw), given dL/dy (N, C, Ho, Wo)."""
    (kh, kw), (dh, dw), _, (sh, sw) = window
    Ho, Wo = dy.shape[2:]
    seen = padded(x, window, (0, Ho), Wo)
    dweight = np.empty((x.shape[1], 1, kh, kw), x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dh * i, dh * i + sh * (Ho - 1) + 1, sh)
            cols = slice(dw * j, dw * j + sw * (Wo - 1) + 1, sw)
            dweight[:, 0, i, j] = np.einsum("nchw,nchw->c", dy, seen[:, :, rows, cols])
    return dweight
