"""What is built out of the source holds the data files too."""

import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from npkpose.skeletons.catalogue import GROUPS

ROOT = pathlib.Path(__file__).resolve().parents[1]


def test_built_distributions_hold_the_data(tmp_path):
    pytest.importorskip("setuptools", minversion="70.1")  # with its own bdist_wheel
    copy = tmp_path / "source"
    shutil.copytree(ROOT / "npkpose", copy / "npkpose",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    for name in ("pyproject.toml", "setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    code = "import sys; from setuptools import build_meta as b; print(b.build_{}(sys.argv[1]))"
    for kind, suffix in (("wheel", ".whl"), ("sdist", ".tar.gz")):
        done = subprocess.run([sys.executable, "-c", code.format(kind), tmp_path],
                              cwd=copy, capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        (built,) = tmp_path.glob(f"*{suffix}")
        assert _data_files(built) == {f"{name}.json" for name in (*GROUPS, "conversion", "layouts")}


def _data_files(built):
    if built.suffix == ".whl":
        inside = zipfile.ZipFile(built).namelist()
    else:
        shutil.unpack_archive(built, built.parent / "sdist")
        inside = [str(path) for path in (built.parent / "sdist").rglob("*.json")]
    return {pathlib.PurePath(name).name for name in inside if "skeletons/data" in name}
