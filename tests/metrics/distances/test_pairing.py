import numpy as np
import pytest

from npkpose import skeletons
from npkpose.io import ImageEntry, Labels
from npkpose.metrics.distances.pairing import pair_results

PLAN = skeletons.ZEBRA_9


def labels(places, images, names=None, **fields):
    """Return zebras at x = ``places`` in the images with these ids."""
    points = np.zeros((len(places), 9, 2)) + np.reshape(places, (-1, 1, 1))
    ids = list(dict.fromkeys(images))
    entries = [ImageEntry(i, "" if names is None else names[n]) for n, i in enumerate(ids)]
    index = [ids.index(image) for image in images]
    return Labels(PLAN, entries, index, points, fields=fields)


def test_the_nearest_of_an_image_are_paired_and_others_left():
    truth = labels([0, 10, 50], [1, 1, 2])
    with pytest.warns(UserWarning, match="results: 1 are of nobody in the ground truth"):
        rows = pair_results(truth, labels([9, 1, 30, 51], [1, 1, 1, 2]))
    assert rows.tolist() == [1, 0, 3]
    assert pair_results(truth, labels([10], [1])).tolist() == [-1, 0, -1]


def test_ids_of_annotations_decide():
    truth = labels([0, 10], [1, 1], ids=[5, 6])
    assert pair_results(truth, labels([0, 10], [1, 1], ids=[6, 5])).tolist() == [1, 0]
    assert pair_results(truth, labels([10, 0], [1, 1], ids=[7, 8])).tolist() == [1, 0]


def test_images_are_compared_by_id_or_by_the_names_of_their_files():
    truth = labels([0, 10], [1, 2], ["a.png", "b.png"])
    assert pair_results(truth, labels([10, 0], [2, 1])).tolist() == [1, 0]
    assert pair_results(truth, labels([10, 0], [1, 2], ["b.png", "a.png"])).tolist() == [1, 0]
    assert pair_results(truth, labels([10, 0], ["b.png", "a.png"])).tolist() == [1, 0]


def test_results_of_unknown_images_are_named():
    with pytest.raises(ValueError, match=r"results\[1\].image_id: expected an image .*, got 9"):
        pair_results(labels([0], [1]), labels([0, 0], [1, 9]))
