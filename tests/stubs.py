"""A network without weights, for tests of what lies around a network."""

import numpy as np

from npkpose import OPENPOSE_18


class BrightNet:
    """A stub of stride 8: a place brighter than ``darkest`` is every keypoint and limb."""

    skeleton, stride, size_multiple, input_height = OPENPOSE_18, 8, 16, 48
    thresholds = {"min_keypoints": 1, "min_score": 0.0}
    darkest = 250

    def eval(self):
        return self

    def preprocess(self, image):
        return image[None].astype(np.float32).max(axis=3)  # (1, H, W)

    def __call__(self, x):
        cells = x.reshape(1, x.shape[1] // 8, 8, x.shape[2] // 8, 8).mean(axis=(2, 4))
        maps = np.where(cells > self.darkest, cells / 255, 0)
        return np.repeat(maps[:, None], 57, axis=1)

    def split(self, maps):
        return maps[:, :19], maps[:, 19:]
