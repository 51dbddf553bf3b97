import argparse

import numpy as np
import pytest

from npkpose import DrawStyle, Poses, Skeleton, draw_poses
from npkpose.cli.drawing_options import (
    MIN_SCORE,
    Drawing,
    add_drawing_options,
    drawing_of,
    style_of,
)

STICK = Skeleton("STICK", ("a", "b"), ((0, 1),))


def options(*words):
    parser = argparse.ArgumentParser()
    add_drawing_options(parser, trails=True)
    return parser.parse_args(words)


def test_options_give_the_style():
    assert style_of(options()) == DrawStyle(min_score=MIN_SCORE)
    words = "--draw boxes,ids,,scores,names,fade,transparent --colours side --draw-score 0.5"
    assert style_of(options(*words.split(), "--line-width", "3")) == DrawStyle(
        "side", 3.0, opacity_by_score=True, min_score=0.5, labels="names", boxes=True, ids=True,
        scores=True, background="transparent",
    )  # fmt: skip
    assert style_of(options("--draw", "numbers")).labels == "numbers"


@pytest.mark.parametrize("option, value", [
    ("--draw", "boxes,hats"), ("--draw", "names,numbers"), ("--draw-score", "nan"),
    ("--line-width", "0"), ("--trails", "-1"),
])  # fmt: skip
def test_a_wrong_value_is_named_with_its_option(option, value):
    with pytest.raises(ValueError, match=f"^{option}: expected"):
        drawing_of(options(option, value))


def test_trails_follow_people_through_the_last_frames():
    image, draw = np.zeros((20, 90, 3), np.uint8), drawing_of(options("--trails", "2"))
    frames = [Poses([[(x, 5), (x, 15)]], ids=[7]) for x in (10, 30, 50, 70)]
    drawn = [draw(image, poses, STICK) for poses in frames]
    np.testing.assert_array_equal(drawn[0], draw_poses(image, frames[0], STICK, style=draw.style))
    shown = drawn[-1][10].any(axis=1)
    assert not shown[:28].any() and shown[32:71].all()  # two frames back, and no further
    assert not Drawing(draw.style)(image, frames[0], STICK)[10, 20:].any()
