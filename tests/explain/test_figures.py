"""Figures of maps, matching and people: the numbers that they show."""

import numpy as np
import pytest

from npkpose import COCO_17, Poses, Skeleton
from npkpose.explain import plot_heatmaps, plot_input, plot_matching, plot_people, plot_tags
from npkpose.image.palettes import id_colours

pytest.importorskip("matplotlib", reason="figures need Matplotlib")

IMAGE = np.full((48, 64, 3), 90, np.uint8)


def test_the_input_shows_the_squares_of_the_maps():
    (axes,) = plot_input(IMAGE, 8).axes
    edges = {x for line in axes.lines for x in line.get_xdata()}
    assert sorted(edges) == [-0.5, 7.5, 15.5, 23.5, 31.5]
    assert "64 x 48" in axes.get_title(loc="left") and axes.get_xlabel() == "x, input pixels"


def test_all_heatmaps_have_one_scale_and_their_highest_value_in_the_title():
    maps = np.zeros((18, 4, 5), np.float32)
    maps[1, 2, 3], maps[17] = 0.75, 9.0  # the last is the background
    figure = plot_heatmaps(maps, COCO_17)
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == 17 and shown[1].get_title() == "left eye: 0.75"
    assert {axes.images[0].get_clim() for axes in shown} == {(0.0, 0.75)}
    assert not [axes for axes in plot_heatmaps(maps[:0], COCO_17).axes if axes.images]


def test_kept_candidates_are_framed_in_the_table_and_solid_on_the_image():
    affinities = np.array([[0.8, np.nan, 0.1], [0.6, 0.5, np.nan]])
    kept = np.array([[True, False, False], [False, True, False]])
    starts, ends = np.array([(5, 5), (30, 5)]), np.array([(5, 30), (30, 30), (50, 30)])
    figure = plot_matching(IMAGE, starts, ends, affinities, kept, ("left_hip", "left_knee"))
    above, below = figure.axes
    assert [t.get_text() for t in below.texts] == ["0.80", "-", "0.10", "0.60", "0.50", "-"]
    assert len(below.lines) == 2 and below.get_ylabel() == "peaks of left hip"
    solid = [line.get_xydata().tolist() for line in above.lines if line.get_linewidth() == 3]
    assert solid == [[[5, 5], [5, 30]], [[30, 5], [30, 30]]]
    assert "4 candidates, 2 are kept" in above.get_title(loc="left")
    none = np.empty((0, 2))
    assert plot_matching(IMAGE, none, none, np.empty((0, 0)), np.empty((0, 0), bool)).axes


def test_people_have_number_and_score():
    pair = Skeleton("PAIR", ("a", "b"), ((0, 1),))
    people = [[(5, 9), (20, 30)], [(np.nan, np.nan)] * 2]
    poses = Poses(people, person_scores=[0.875, 0.1], ids=[4, 2])
    (axes,) = plot_people(IMAGE, poses, pair).axes
    assert [text.get_text() for text in axes.texts] == ["#4: 0.88"]
    assert axes.get_title(loc="left").startswith("2 people")
    large = np.zeros((1500, 3000, 3), np.uint8)  # is shown smaller, with axes in its own pixels
    poses = Poses([[(600, 750), (2400, 750)]])
    (axes,) = plot_people(large, poses, pair).axes
    assert axes.images[0].get_array().shape == (600, 1200, 3)
    assert axes.get_xlim() == (-0.5, 2999.5) and axes.texts[0].get_position() == (600, 750)
    assert axes.images[0].get_array()[300, 255:945].any(axis=1).all()


def test_tags_have_the_colours_of_their_people():
    poses = Poses([[(5, 9), (20, 30)], [(4, 4), (6, 6)]], ids=[4, 2])
    tags = np.arange(12.0).reshape(2, 2, 3)
    (axes,) = plot_tags(tags, poses).axes
    assert axes.lines[1].get_xydata().tolist() == [[6, 7], [9, 10]]
    assert [line.get_label() for line in axes.lines] == ["#4", "#2"]
    np.testing.assert_allclose(axes.lines[1].get_color(), id_colours([2])[0] / 255)
    (axes,) = plot_tags(tags[..., :1], poses).axes
    assert axes.lines[1].get_xydata().tolist() == [[6, 1], [9, 1]]
    for wrong in (tags[..., :0], tags[:1], tags[0]):
        with pytest.raises(ValueError, match="^tags: expected"):
            plot_tags(wrong, poses)
