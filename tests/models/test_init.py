import ast
import pathlib

import pytest

from npkpose import models

FILES = sorted(pathlib.Path(models.__file__).parent.rglob("*.py"))
NETWORKS = [path for path in FILES if path.parent.name != "exported"]  # they bring their decoders


def imports(path):
    """Names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_a_network_gives_maps_and_imports_nothing_that_decodes_them(path):
    rooms = {".".join(name.split(".")[:2]) for name in imports(path)}
    assert not rooms & {"npkpose.codec", "npkpose.pipeline", "npkpose.training"}


def test_the_package_lists_every_file():
    text = models.__doc__
    for package in ("backbones", "lifting", "mesh", "exported"):
        assert f"{package}/" in text
        text += getattr(models, package).__doc__
    assert all(path.name in text for path in FILES if path.name != "__init__.py")
