import numpy as np
import pytest

from npkpose import COCO_17, Poses, Skeleton
from npkpose.image.draw import draw_poses
from npkpose.image.draw_style import DrawStyle
from npkpose.image.palettes import LEFT, OKABE_ITO, id_colours

STICK = Skeleton("STICK", ("left_a", "right_a"), ((0, 1),), ((0, 1),))
BARE = DrawStyle(width=3, points=0, opacity=1)


def draw(image, keypoints, **changes):
    """Return a drawing of sticks, with lines of 3 pixels alone unless ``changes`` say otherwise."""
    scores, ids = changes.pop("scores_of", None), changes.pop("ids_of", None)
    style = DrawStyle(**{"width": 3, "points": 0, "opacity": 1, **changes})
    return draw_poses(image, Poses(keypoints, scores, ids=ids), STICK, style=style)


def test_a_person_keeps_the_colour_of_the_id_in_another_place_and_order():
    image, people = np.zeros((40, 20, 3), np.uint8), np.array([[(2, 10), (17, 10)]] * 2, float)
    people[1] += [0, 20]
    first = draw(image, people, colours="person", ids_of=[4, 9])
    then = draw(image, people[::-1], colours="person", ids_of=[9, 4])
    np.testing.assert_array_equal(first, then)
    np.testing.assert_array_equal(first[[10, 30], 9], np.rint(id_colours([4, 9])))


def test_sides_give_dots_and_limbs_their_colours():
    drawn = draw(np.zeros((20, 20, 3), np.uint8), [[(4, 9), (15, 9)]], colours="side", points=2)
    np.testing.assert_array_equal(drawn[9, 4], LEFT)
    assert (drawn[9, 9] == np.rint(OKABE_ITO[:2].mean(axis=0))).all()


def test_keypoints_below_the_least_score_are_not_drawn_nor_are_their_limbs():
    image, people = np.zeros((20, 20, 3), np.uint8), [[(3, 9), (16, 9)]]
    assert not draw(image, people, scores_of=[[0.9, 0.2]], min_score=0.3).any()
    assert draw(image, people, scores_of=[[0.9, 0.3]], min_score=0.3).any()


def test_scores_give_the_opacity():
    image, people = np.zeros((20, 20, 3), np.uint8), [[(3, 9), (16, 9)]]
    solid = draw(image, people)[9, 9]
    faint = draw(image, people, scores_of=[[1.0, 0.5]], opacity_by_score=True)[9, 9]
    np.testing.assert_array_equal(faint, np.rint(0.6 * solid))  # 0.2 + 0.8 * 0.5


def test_a_box_lies_two_widths_from_the_keypoints():
    drawn = draw(np.zeros((40, 40, 3), np.uint8), [[(12, 15), (25, 20)]], boxes=True)
    shown = drawn.any(axis=2)
    assert shown[9, 6:32].all() and shown[26, 6:32].all() and shown[9:27, 6].all()
    assert shown[9:27, 31].all() and not shown[11:14].any(axis=0)[8:29].any()


def test_the_transparent_drawing_over_the_image_is_the_drawing_on_it():
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (60, 60, 3), dtype=np.uint8)
    poses = Poses(rng.uniform(5, 55, (2, 17, 2)), rng.random((2, 17)))
    looks = {"width": 4, "opacity": 0.7, "opacity_by_score": True, "boxes": True}
    layer = draw_poses(image, poses, COCO_17, style=DrawStyle(background="transparent", **looks))
    assert layer.shape == (60, 60, 4) and layer.dtype == np.uint8 and not layer[..., 3].all()
    cover = layer[..., 3:] / 255
    composed = cover * layer[..., :3] + (1 - cover) * image
    drawn = draw_poses(image, poses, COCO_17, style=DrawStyle(**looks))
    assert abs(composed - drawn).max() < 12 and abs(composed - drawn).mean() < 0.5  # roundings


def test_text_is_written_above_a_person_and_beside_keypoints_but_not_where_there_is_no_room():
    pytest.importorskip("PIL", reason="text needs Pillow")
    image, people = np.full((90, 90, 3), 99, np.uint8), [[(30, 50), (60, 70)]]
    plain = draw(image, people)
    for looks, (y, x) in (
        ({"ids": True, "scores": True}, (slice(28, 46), slice(5, 56))),
        ({"labels": "names"}, (slice(40, 80), slice(0, 90))),
        ({"labels": "numbers"}, (slice(40, 80), slice(15, 75))),
    ):
        changed = (draw(image, people, **looks) != plain).any(axis=2)
        inside = changed[y, x].sum()
        assert inside == changed.sum() > 20
    tag = draw(image, people, ids=True, ids_of=[5])[28:46, 5:56].reshape(-1, 3)
    assert (tag == np.rint(id_colours([5])[0])).all(axis=1).sum() > 30
    for there in (image[:30], image[:50]):  # too low for letters; the person is below the image
        np.testing.assert_array_equal(draw(there, people, ids=True), draw(there, people))


def test_far_keypoints_and_missing_people_have_no_text():
    image = np.zeros((50, 50, 3), np.uint8)
    people = [[(np.nan, np.nan)] * 2, [(1e9, 5), (np.nan, np.nan)]]
    assert not draw(image, people, ids=True, scores=True, boxes=True, labels="names").any()


@pytest.mark.parametrize("name, value", [
    ("colours", "red"), ("width", 0), ("points", -1), ("opacity", 1.5), ("min_score", np.nan),
    ("labels", True), ("boxes", 1), ("background", None), ("opacity_by_score", "yes"),
])  # fmt: skip
def test_a_style_that_does_not_exist_is_refused(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        DrawStyle(**{name: value})
    with pytest.raises(ValueError, match="^style: expected a DrawStyle"):
        draw_poses(np.zeros((4, 4, 3), np.uint8), Poses.empty(2), STICK, style="person")
