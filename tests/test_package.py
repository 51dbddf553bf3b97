"""Promises of the package as a whole: what importing does, and what bad input gets."""

import ast
import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import npkpose
from npkpose import (
    OPENPOSE_18,
    BottomUp,
    Grid,
    Poses,
    decode_heatmaps,
    find_peaks,
    gaussian_heatmap,
    gaussian_heatmaps,
    group_paf,
    heatmap_to_coords,
    limb_scores,
    nn,
    oks,
    paf_fields,
    weights,
)


def run(code):
    """Run code in a fresh interpreter; return its standard output."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_compiles_nothing_and_imports_no_extra():
    pytest.importorskip("numba", reason="counts compiled kernels")
    out = run(
        "import sys, npkpose, numba\n"
        "from numba.core.dispatcher import Dispatcher\n"
        "import npkpose.codec.heatmap.decode as m\n"
        "mods = [mod for name, mod in sys.modules.items() if name.startswith('npkpose')]\n"
        "kernels = [k for mod in mods\n"
        "           for k in vars(mod).values() if isinstance(k, Dispatcher)]\n"
        "assert numba.config.DISABLE_JIT or len(kernels) > 5\n"
        "print(sum(len(k.signatures) for k in kernels))\n"
        "print([m for m in ('PIL', 'matplotlib', 'tqdm', 'torch') if m in sys.modules])\n"
    )
    assert out.split("\n")[:2] == ["0", "[]"]


def test_importing_the_package_imports_neither_numpy_nor_numba():
    out = run("import sys, npkpose; print([m for m in ('numpy', 'numba') if m in sys.modules])")
    assert out == "[]\n"


def test_the_types_file_has_the_names_of_the_package():
    source = pathlib.Path(npkpose.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    lines = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    found = {alias.asname: (node.module, alias.name) for node in lines for alias in node.names}
    assert sorted(found) == sorted(npkpose.__all__)
    for name, (module, original) in found.items():
        assert getattr(npkpose, name) is getattr(importlib.import_module(module), original)


def test_a_folder_or_a_plan_is_found_by_its_name_and_nothing_else_is():
    assert npkpose.codec.heatmap is importlib.import_module("npkpose.codec.heatmap")
    assert npkpose.WFLW_98.num_keypoints == 98
    assert {"WFLW_98", "codec", "decode_heatmaps"} <= set(dir(npkpose))
    for name in ("no_such_name", "NO_PLAN_99", "_private"):
        with pytest.raises(AttributeError, match=name):
            getattr(npkpose, name)


def test_every_public_name_is_there_and_documented():
    for name in npkpose.__all__:
        value = getattr(npkpose, name)
        assert isinstance(value, npkpose.Skeleton) or value.__doc__, name


MAPS = np.random.default_rng(0).random((1, 18, 8, 8))
NAN_MAPS = np.full((18, 8, 8), np.nan)
FIELDS = np.zeros((38, 8, 8))
PLAN = OPENPOSE_18
NET = npkpose.models.OpenPoseMobileNetV2(1)

# (what is called, what the message must name): every row is a ValueError.
BAD = {
    "maps of three axes": (lambda: heatmap_to_coords(MAPS[0]), "heatmaps"),
    "maps of no pixels": (lambda: decode_heatmaps(np.zeros((1, 1, 0, 3))), "heatmaps"),
    "complex maps": (lambda: decode_heatmaps(MAPS * 1j), "heatmaps"),
    "text for maps": (lambda: decode_heatmaps([[["a"]]]), "heatmaps"),
    "objects for maps": (lambda: find_peaks(np.array([[[None]]])), "heatmaps"),
    "ragged maps": (lambda: find_peaks([[[1, 2], [3]]]), "heatmaps"),
    "an unknown refinement": (lambda: decode_heatmaps(MAPS, "best"), "refine"),
    "sigma of zero": (lambda: gaussian_heatmap(8, 1, 1, sigma=0), "sigma"),
    "sigma below zero": (lambda: gaussian_heatmaps([[1, 1]], 8, sigma=-2), "sigma"),
    "a centre that is NaN": (lambda: gaussian_heatmap(8, np.nan, 1), "cx"),
    "a size of zero": (lambda: gaussian_heatmap(0, 1, 1), "size"),
    "points of three numbers": (lambda: gaussian_heatmaps([[1, 2, 3]], 8), "keypoints"),
    "infinite points": (lambda: gaussian_heatmaps([[np.inf, 2]], 8), "keypoints"),
    "a stride of zero": (lambda: Grid(0), "stride"),
    "fields of NaN": (lambda: group_paf(MAPS[0], np.full((38, 8, 8), np.nan), PLAN), "pafs"),
    "maps of NaN": (lambda: group_paf(NAN_MAPS, FIELDS, PLAN), "heatmaps"),
    "too few maps": (lambda: group_paf(MAPS[0, :9], FIELDS, PLAN), "heatmaps"),
    "too few fields": (lambda: group_paf(MAPS[0], np.zeros((9, 8, 8)), PLAN), "pafs"),
    "sizes that disagree": (lambda: group_paf(MAPS[0], np.zeros((38, 9, 8)), PLAN), "pafs"),
    "a limb outside": (lambda: limb_scores(np.zeros((2, 4, 4)), [(9, 0)], [(1, 1)]), "starts"),
    "one sample": (lambda: limb_scores(np.zeros((2, 4, 4)), [(1, 0)], [(1, 1)], 1), "num_samples"),
    "people of another plan": (lambda: paf_fields(np.zeros((1, 17, 2)), PLAN, 8), "poses"),
    "half a keypoint": (lambda: Poses([[(1, np.nan)]]), "keypoints"),
    "an area of zero": (lambda: oks(np.zeros((1, 1, 2)), np.zeros((1, 1, 2)), [0], [1]),
                        "areas"),
    "no picture": (lambda: BottomUp(NET)(np.zeros((4, 4))), "image"),
    "an image of two axes": (lambda: nn.Conv2d(3, 4, 3)(np.zeros((8, 8))), "x"),
    "too many channels": (lambda: nn.Conv2d(3, 4, 3)(np.zeros((1, 4, 8, 8))), "x"),
    "a window too large": (lambda: nn.Conv2d(3, 4, 9)(np.zeros((1, 3, 8, 8))), "x"),
    "an unknown weight format": (lambda: weights.save("model.onnx", {}), "path"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gives_an_error_that_names_the_argument(what):
    call, name = BAD[what]
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call()


# (what is called, shape of the documented empty result)
EMPTY = {
    "no images": (lambda: heatmap_to_coords(np.empty((0, 17, 8, 8))), (0, 17, 2)),
    "no keypoints": (lambda: heatmap_to_coords(np.empty((2, 0, 8, 8))), (2, 0, 2)),
    "no targets": (lambda: gaussian_heatmaps(np.empty((0, 17, 2)), 8), (0, 17, 8, 8)),
    "no peaks": (lambda: find_peaks(np.zeros((3, 8, 8))).points, (0, 2)),
    "no people": (lambda: group_paf(MAPS[0] * 0, FIELDS, PLAN).keypoints,
                  (0, 18, 2)),
    "fields of nobody": (lambda: paf_fields(np.empty((0, 18, 2)), PLAN, 8), (38, 8, 8)),
    "no limbs": (lambda: limb_scores(FIELDS[:2], *np.empty((2, 0, 2))), (0,)),
    "nobody to compare": (lambda: oks(np.empty((0, 2, 2)), np.zeros((1, 2, 2)), [1], [1, 1]),
                          (0, 1)),
    "an empty batch": (lambda: nn.Conv2d(3, 4, 3)(np.empty((0, 3, 8, 8))), (0, 4, 6, 6)),
}  # fmt: skip


@pytest.mark.parametrize("what", EMPTY)
def test_empty_input_gives_the_documented_empty_result(what):
    call, shape = EMPTY[what]
    assert call().shape == shape


def test_missing_and_damaged_weight_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        weights.load(tmp_path / "none.npz")
    for name, content in (("a.npz", b""), ("b.npz", b"PK\x03\x04"), ("c.pb", b"\xff\xff")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name):
            weights.load(tmp_path / name)
