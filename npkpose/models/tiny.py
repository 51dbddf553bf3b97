"""The smallest useful keypoint networks: convolutions down to 1/4, and back up.

    image (3, H, W)
      conv 3x3, stride 2, ReLU   ->  (B, H/2, W/2)
      conv 3x3, stride 2, ReLU   ->  (2B, H/4, W/4)
      conv 3x3, ReLU             ->  (2B, H/4, W/4)     receptive field: 15 x 15 pixels
      transposed conv 2x2, s 2   ->  (B, H/2, W/2)
      transposed conv 2x2, s 2   ->  (K, H, W)          one heatmap per keypoint

B is ``base``. The network reduces the resolution and restores it by transposed convolutions,
like the "simple baseline" of Xiao et al., ECCV 2018, arXiv:1804.06208, at a two-thousandth of
its size: 16,660 parameters with B = 16 and K = 4, where theirs with ResNet-50 has 34 million.
"""

import numpy as np

from npkpose.nn import Conv2d, ConvTranspose2d, ReLU, Sequential
from npkpose.nn._shapes import check_count


class TinyKeypointNet(Sequential):
    """Map images (N, 3, H, W) to heatmaps (N, K, H, W); H and W multiples of 4.

    Parameters
    ----------
    num_keypoints : int
        K.
    base : int
        Channels after the first convolution.
    rng : numpy.random.Generator, optional
        Draws the initial weights; default a generator of seed 0.
    """

    def __init__(self, num_keypoints=4, base=16, *, rng=None):
        rng = np.random.default_rng(0) if rng is None else rng
        check_count("num_keypoints", num_keypoints, 1)
        check_count("base", base, 1)
        super().__init__(
            Conv2d(3, base, 3, stride=2, padding=1, rng=rng),
            ReLU(),
            Conv2d(base, 2 * base, 3, stride=2, padding=1, rng=rng),
            ReLU(),
            Conv2d(2 * base, 2 * base, 3, padding=1, rng=rng),
            ReLU(),
            ConvTranspose2d(2 * base, base, 2, stride=2, rng=rng),
            ConvTranspose2d(base, num_keypoints, 2, stride=2, rng=rng),
        )
        # Heatmaps are mostly zero: start near zero, as Xiao et al. do with a std of 0.001.
        self.layers[-1].params["weight"] *= 0.1


class TinyPafNet(Sequential):
    """Map images (N, 3, H, W) to heatmaps and part affinity fields at half the size.

      conv 3x3, stride 2, ReLU                   ->  (B, H/2, W/2)
      conv 3x3, stride 2, ReLU                   ->  (2B, H/4, W/4)
      conv 3x3, dilation 1, 2, 4, 1, each ReLU   ->  (2B, H/4, W/4)   receptive field: 71 x 71
      transposed conv 2x2, s 2, ReLU             ->  (2B, H/2, W/2)
      conv 1x1                                   ->  (K + C, H/2, W/2)

    A limb is longer than a marker, so a field needs a larger receptive field than a heatmap. The
    dilations give it without more layers (Yu and Koltun, ICLR 2016, arXiv:1511.07122). One 1x1
    convolution is both heads: its first K channels are the heatmaps.

    Parameters
    ----------
    num_keypoints, num_paf_channels : int
        K and C.
    base : int
        B.
    rng : numpy.random.Generator, optional
        Draws the initial weights; default a generator of seed 0.
    """

    stride = 2

    def __init__(self, num_keypoints, num_paf_channels, base=16, *, rng=None):
        rng = np.random.default_rng(0) if rng is None else rng
        check_count("num_keypoints", num_keypoints, 1)
        check_count("num_paf_channels", num_paf_channels, 1)
        wide = 2 * check_count("base", base, 1)
        layers = [Conv2d(3, base, 3, stride=2, padding=1, rng=rng), ReLU()]
        layers += [Conv2d(base, wide, 3, stride=2, padding=1, rng=rng), ReLU()]
        for dilation in (1, 2, 4, 1):
            layers += [Conv2d(wide, wide, 3, 1, dilation, dilation, rng=rng), ReLU()]
        layers += [ConvTranspose2d(wide, wide, 2, stride=2, rng=rng), ReLU()]
        layers += [Conv2d(wide, num_keypoints + num_paf_channels, 1, rng=rng)]
        super().__init__(*layers)
        self.num_keypoints = num_keypoints
        self.layers[-1].params["weight"] *= 0.1

    def split(self, maps):
        """Return ``maps`` (N, K + C, h, w) as heatmaps (N, K, h, w) and fields (N, C, h, w)."""
        return maps[:, : self.num_keypoints], maps[:, self.num_keypoints :]
