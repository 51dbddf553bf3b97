import numpy as np
import pytest

from npkpose.cli import demo
from npkpose.data.people import SyntheticPeople
from npkpose.training import recipes
from npkpose.training.cached_dataset import CachedDataset


@pytest.fixture(scope="module")
def scenes():
    return CachedDataset(SyntheticPeople(3, demo.SEED), 3)


@pytest.fixture(scope="module")
def found(scenes):
    finders = demo.make_finders(scenes, ("topdown", "paf", "tags"))
    assert list(finders) == ["topdown", "paf", "tags"]
    return {name: demo.find_people(find, scenes) for name, find in finders.items()}


def test_its_scenes_are_not_those_of_any_training():
    seeds = recipes.TRAIN_SEED, recipes.WATCH_SEED, recipes.HELD_OUT_SEED
    assert demo.SEED > max(seeds)


def test_top_down_uses_the_true_boxes_and_every_network_is_timed(found, scenes):
    for i, poses in enumerate(found["topdown"][0]):
        assert 0 < len(poses) <= scenes[i].labelled.sum()
    assert all(len(poses) == 3 and milliseconds > 0 for poses, milliseconds in found.values())


def test_the_table_has_a_line_for_each_network(found, scenes, capsys):
    demo.print_people(found, scenes)
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    values = np.array([line.split()[-3:] for line in lines], float)  # AP, AP, ms
    assert ((values[:, :2] >= 0) & (values[:, :2] <= 1)).all() and values[0, 0] > 0.3


def test_the_plot_has_a_row_for_each_network(found, scenes, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib")
    image = pytest.importorskip("PIL.Image", reason="images need Pillow")
    demo.draw_people(tmp_path / "people.png", found, scenes, columns=2)
    with image.open(tmp_path / "people.png") as plot:
        assert plot.height > plot.width
