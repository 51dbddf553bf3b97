"""COCO's evaluation of a function that finds people in scenes."""

import warnings

from npkpose.data.coco_writer import coco_category
from npkpose.metrics import evaluate_coco


def score(dataset, find):
    """Return the `CocoResult` of ``find(scene)``, which gives `Poses`, on every scene.

    ``dataset`` is a sequence of `Scene` with a ``skeleton``.
    """
    images, annotations, results = [], [], []
    for i in range(len(dataset)):
        scene = dataset[i]
        images.append({"id": i + 1})
        annotations += scene.to_coco(i + 1, len(annotations) + 1)
        results += find(scene).to_coco(i + 1)
    category = coco_category(dataset.skeleton)
    truth = {"images": images, "annotations": annotations, "categories": [category]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # untrained networks find nobody
        return evaluate_coco(truth, results, dataset.skeleton)
