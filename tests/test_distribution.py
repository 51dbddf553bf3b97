"""A wheel built out of a clone holds the whole package, a source distribution everything else."""

import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

import npkpose

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ("npkpose", "tests", "docs", "examples", "benchmarks")


@pytest.fixture(scope="module")
def tracked():
    """The paths of all files of a clone that git knows."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("needs a clone: git lists the files")
    return [name for name in done.stdout.splitlines() if (ROOT / name).exists()]


@pytest.fixture(scope="module")
def built(tracked, tmp_path_factory):
    """The paths of a wheel and of a source distribution."""
    pytest.importorskip("setuptools", minversion="70.1")  # with its own bdist_wheel
    folder = tmp_path_factory.mktemp("built")
    for name in tracked:
        target = folder / "clone" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    code = "import sys; from setuptools import build_meta as b; b.build_{}(sys.argv[1])"
    for kind in ("wheel", "sdist"):
        done = subprocess.run([sys.executable, "-c", code.format(kind), folder],
                              cwd=folder / "clone", capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
    return *folder.glob("*.whl"), *folder.glob("*.tar.gz")


def test_the_wheel_holds_the_package_with_its_data_and_nothing_else(built, tracked):
    with zipfile.ZipFile(built[0]) as wheel:
        names = set(wheel.namelist())
    assert {name for name in tracked if name.startswith("npkpose/")} <= names
    assert {"npkpose/py.typed", "npkpose/skeletons/data/body.json"} <= names
    info = f"npkpose-{npkpose.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"npkpose", info}


def test_the_source_distribution_holds_tests_docs_examples_and_benchmarks(built, tracked):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in tracked if name.startswith(FOLDERS)} <= names
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", ".ci/run"} <= names


def test_the_package_page_has_no_link_into_the_repository(built):
    with zipfile.ZipFile(built[0]) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
        metadata = wheel.read(name).decode()
    assert re.findall(r"\]\((?!https?://)[^)]*\)", metadata) == []
    assert "Keypoint detection" in metadata and "Typing :: Typed" in metadata


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert versions[0] == npkpose.__version__
