import pathlib

import pytest

import npkpose
from npkpose import codec, reference, tracking
from npkpose.codec import heatmap
from npkpose.reference.codec import heatmap as heatmap_twins


@pytest.mark.parametrize("package", [codec, heatmap, reference.codec, heatmap_twins, tracking])
def test_the_reading_order_names_every_file(package):
    folder = pathlib.Path(package.__file__).parent
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    for name in files | packages:
        assert f" {name} " in package.__doc__


def test_names_of_the_package_are_those_of_npkpose():
    for name in set(codec.__all__) & set(npkpose.__all__):
        assert getattr(codec, name) is getattr(npkpose, name)
    assert set(heatmap.__all__) <= set(codec.__all__)
