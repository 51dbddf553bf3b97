"""A picture to people, bottom-up: resize, network, grouping, and back to the picture.

    picture -> resized input -> heatmaps and fields at stride 8 -> `group_paf` -> people

Two grids take a keypoint home: from the map to the input (the network's stride) and from the
input to the picture (the resize). Cao et al., CVPR 2017, arXiv:1611.08050.
"""

import os

import numpy as np

from npkpose._check import check_integer
from npkpose.codec.grid import Grid
from npkpose.codec.group_paf import group_paf
from npkpose.image import read_image, resize


class BottomUp:
    """Find everybody in a picture with a network of heatmaps and part affinity fields.

    Parameters
    ----------
    model : network such as `models.OpenPoseMobileNetV2`
        Has ``preprocess``, ``split``, ``skeleton``, ``stride``, ``size_multiple`` and
        ``thresholds``. Switched to evaluation mode.
    height : int
        Height of the network's input, rounded to what the network takes; the width keeps the
        picture's shape. Larger finds smaller people and takes longer.
    thresholds : dict, optional
        Arguments of `group_paf` that replace the network's own.

    Raises
    ------
    ValueError
        A height below the network's ``size_multiple``.
    """

    def __init__(self, model, height=432, thresholds=None):
        self.model = model.eval()
        self.height = check_integer("height", height, at_least=model.size_multiple)
        self.thresholds = {**model.thresholds, **(thresholds or {})}

    def __call__(self, image):
        """Return the `Poses` of one picture, in its own pixels.

        Parameters
        ----------
        image : path of a picture, or array_like of shape (H, W, 3), uint8 RGB

        Raises
        ------
        ValueError
            Neither of the two, or a threshold that `group_paf` refuses.
        """
        image = read_image(image) if isinstance(image, (str, os.PathLike)) else np.asarray(image)
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError(
                f"image: expected shape (H, W, 3) of uint8, got {image.shape} of {image.dtype}"
            )
        height, width = self._input_size(image.shape)
        maps = self.model(self.model.preprocess(resize(image, (height, width))))
        heatmaps, pafs = self.model.split(maps)
        # Both steps are pictures of areas: the network was taught with shrunken targets.
        stride = Grid(self.model.stride, "centre")
        poses = group_paf(heatmaps[0], pafs[0], self.model.skeleton, stride, **self.thresholds)
        home = Grid((image.shape[1] / width, image.shape[0] / height), "centre")
        return poses.with_keypoints(home.to_image(poses.keypoints))

    def _input_size(self, shape):
        """Height and width of the network's input, in whole multiples."""
        multiple = self.model.size_multiple
        width = self.height * shape[1] / shape[0]
        return tuple(max(round(side / multiple), 1) * multiple for side in (self.height, width))
