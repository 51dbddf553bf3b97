"""Scenes written as a COCO data set: a folder of images and one file of annotations."""

import json
import os
import pathlib

from npkpose._check import check_kind, shown
from npkpose.data.scene import CATEGORY, Scene
from npkpose.image.files import write_image
from npkpose.skeleton import Skeleton
from npkpose.weights.files import replacing

ANNOTATIONS = "annotations.json"
IMAGES = "images"


def write_coco(dataset, folder):
    """Write all scenes: ``folder/images/000001.png`` and so on, then ``folder/annotations.json``.

    Parameters
    ----------
    dataset : sequence of Scene, with a ``skeleton``
        For example `SyntheticPeople`.
    folder : path_like
        Created if missing.

    Returns
    -------
    annotations : pathlib.Path
        The JSON file, which pycocotools and `CocoDataset` read. It is written last, as a whole.

    Raises
    ------
    ValueError
        A data set without a skeleton, or an item that is no `Scene`.
    ImportError
        Without Pillow, saying which extra to install.
    """
    check_kind("dataset.skeleton", getattr(dataset, "skeleton", None), Skeleton)
    folder = check_folder("folder", folder)
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for i in range(len(dataset)):
        scene = check_kind(f"dataset[{i}]", dataset[i], Scene)
        name = f"{i + 1:06d}.png"
        write_image(folder / IMAGES / name, scene.image)
        height, width = scene.image.shape[:2]
        images.append({"id": i + 1, "file_name": name, "width": width, "height": height})
        annotations += scene.to_coco(i + 1, len(annotations) + 1)
    info = {"description": f"npkpose, {type(dataset).__name__}"}
    categories = [coco_category(dataset.skeleton)]
    data = {"info": info, "images": images, "annotations": annotations, "categories": categories}
    with replacing(folder / ANNOTATIONS) as stream:
        stream.write(json.dumps(data).encode())
    return folder / ANNOTATIONS


def check_folder(name, value):
    """Return ``value`` as a path, or raise ValueError."""
    if not isinstance(value, (str, os.PathLike)):
        raise ValueError(f"{name}: expected the path of a folder, got {shown(value)}")
    return pathlib.Path(value)


def coco_category(skeleton):
    """Return COCO's category for people of this skeleton; COCO counts keypoints from 1."""
    return {
        "id": CATEGORY,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(skeleton.keypoints),
        "skeleton": [[a + 1, b + 1] for a, b in skeleton.limbs],
    }
