"""The scenes that benchmarks draw are what they say, and nothing there is timed here."""

import numpy as np
import pytest

paf = pytest.importorskip("benchmarks.paf", reason="benchmarks/ is not beside the package")
decode = pytest.importorskip("benchmarks.decode")
tags = pytest.importorskip("benchmarks.tags")


def test_few_people_of_a_drawn_scene_are_all_found():
    scene = paf.draw_scene(3, (46, 82), np.random.default_rng(1))
    assert paf.found(paf.group(scene), scene).tolist() == [3, 3, 0]
    assert paf.found(scene.truth, scene).tolist() == [3, 3, 0]


def test_most_of_a_drawn_crowd_is_found_and_few_are_spurious():
    scene = paf.draw_scene(100, (46, 82), np.random.default_rng(0))
    loose, strict, spurious = paf.found(paf.group(scene), scene)
    assert loose >= 80 and strict >= 70 and spurious <= 15


def test_everybody_with_tags_is_found_and_nobody_else():
    case = tags.scene(np.random.default_rng(0), 256, 30, 1)
    assert tags.found(tags.group(case), case[2]).tolist() == [30, 30, 0]


@pytest.mark.parametrize("refine, bar", [("argmax", 0.41), ("log_parabola", 0.04), ("dark", 0.024)])
def test_noisy_heatmaps_are_decoded_as_closely_as_the_table_says(refine, bar):
    case = decode.noisy_heatmaps((64, 48), 2.0, np.random.default_rng(0))
    errors = decode.errors([case], lambda maps: decode.decode_heatmaps(maps, refine)[0])
    assert errors.mean() < bar


def test_an_unknown_suite_is_refused(capsys):
    from benchmarks.__main__ import main

    with pytest.raises(SystemExit):
        main(["speed"])
    assert "expected some of decode, paf" in capsys.readouterr().err
