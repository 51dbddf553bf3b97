"""How `npkpose train topdown` trains on annotated images: any skeleton, and a shape of its crops.

The recipe is that of people (`recipes`), with the full augmentation. The skeleton is that of the
data set: it says how many heatmaps the network has, and which keypoints a flipped crop exchanges.
"""

import json

import numpy as np

from npkpose._check import check_integer
from npkpose.data.fingerprint import digest
from npkpose.models.described import skeleton_to_dict
from npkpose.models.small import SmallTopDown
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.labelled import LabelledTask
from npkpose.training.recipes import RECIPES, trainer_of

TALL, SQUARE, WIDE = (96, 64), (80, 80), (64, 96)  # of crops, with nearly equal numbers of pixels
SQUARE_UP_TO = 1.25  # ratio of a box's sides
KEPT_PIXELS = 200_000_000  # of images, 600 MB: more are read from the disk again


def make_labelled_trainer(data, watch, folder, steps=None, seed=0, input_size=None):
    """Return the `Trainer` of a top-down network on annotated images.

    Parameters
    ----------
    data, watch : data.LabelledImages
        To train on, and to evaluate on during the run; of one skeleton.
    folder : path_like
        Gets the run's files; see `Trainer`. The run continues a checkpoint in it.
    steps : int, optional
        In all. Default: the recipe's.
    seed : int
        Of the network's first weights and of the order of crops.
    input_size : (H, W), optional
        Of crops, multiples of 16. Default: the shape of `crop_shape`.

    Raises
    ------
    ValueError
        A number below its least, or a checkpoint of another skeleton, crop size or data set.
    """
    skeleton = data.skeleton
    input_size = crop_shape(data.boxes) if input_size is None else input_size
    rng = np.random.default_rng(check_integer("seed", seed))
    network = SmallTopDown(input_size, skeleton=skeleton, rng=rng)
    same, data = watch is data, in_memory(data)
    watch = data if same else in_memory(watch)
    task = LabelledTask(network, data, watch, seed, RECIPES["topdown"].batch, 1.0)
    settings = {
        "network": "topdown",
        "skeleton": skeleton.name,
        "input_size": list(network.input_size),
        "skeleton_content": _digest_of(skeleton),  # two skeletons may have one name
    }
    return trainer_of(task, folder, settings, steps)


def crop_shape(boxes):
    """Return the best of three shapes (H, W) of crops for boxes (N, 4), by their median ratio."""
    sides = boxes[:, 2:] - boxes[:, :2]
    ratio = np.exp(np.median(np.log(sides[:, 1] / sides[:, 0])))  # height to width
    if ratio > SQUARE_UP_TO:
        return TALL
    return WIDE if ratio < 1 / SQUARE_UP_TO else SQUARE


def in_memory(data):
    """Return the data set with images kept in memory, if they have at most `KEPT_PIXELS`."""
    pixels = data.num_pixels()
    return CachedDataset(data, len(data)) if pixels and pixels <= KEPT_PIXELS else data


def _digest_of(skeleton):
    text = json.dumps(skeleton_to_dict(skeleton), sort_keys=True)
    return digest([np.frombuffer(text.encode(), np.uint8)])
