import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.models.exported import Recipe


def test_pixels_are_normalised_in_the_order_of_the_file():
    image = np.zeros((1, 1, 1, 3), np.uint8)
    image[..., 0] = 200  # red
    recipe = Recipe(size=(1, 1), channels="BGR", mean=(10, 20, 100), std=(1, 2, 50))
    assert recipe.to_input(image).ravel().tolist() == [-10, -10, 2]  # blue, green, red
    assert recipe.to_input(image).shape == (1, 3, 1, 1)
    last = Recipe(size=(1, 1), layout="NHWC").to_input(image, "int32")
    assert last.shape == (1, 1, 1, 3) and last.dtype == np.int32 and last.max() == 200


def test_a_choice_replaces_a_field_and_an_unknown_one_is_refused():
    assert Recipe().with_choices({"channels": "BGR"}).channels == "BGR"
    with pytest.raises(ValueError, match="^colour: expected one of the choices skeleton, size"):
        Recipe().with_choices({"colour": "BGR"})
    with pytest.raises(ValueError, match="^fit: expected one of the choices size, mean"):
        Recipe().with_choices({"fit": "centre"}, ("size", "mean"))


@pytest.mark.parametrize(
    "choices, message",
    [
        ({"skeleton": "COCO_17"}, "skeleton: expected a Skeleton"),
        ({"size": 0}, "size: expected"),
        ({"channels": "RBG"}, "channels: expected"),
        ({"mean": (1, 2)}, "mean: expected shape"),
        ({"std": (1, 0, 1)}, "std: expected positive"),
        ({"fit": "left"}, "fit: expected"),
        ({"fill": 256}, "fill: expected at most 255"),
        ({"padding": 0}, "padding: expected more than 0"),
        ({"convention": "udp"}, "convention: expected one of index, centre, corner"),
        ({"refine": "blur"}, "refine: expected one of argmax, quarter"),
        ({"score": "max"}, "score: expected one of min, mean"),
        ({"classes": (0, "cat")}, "classes: expected an integer"),
        ({"nms_threshold": -1}, "nms_threshold: expected at least 0"),
    ],
)
def test_a_wrong_choice_is_named(choices, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Recipe(COCO_17).with_choices(choices)
