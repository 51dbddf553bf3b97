"""Every entry is complete, and names choices that the package knows."""

import re

import pytest

from npkpose import skeletons
from npkpose.codec.heatmap.decode import DARK_SPACING, REFINEMENTS
from npkpose.grid import CONVENTIONS
from npkpose.models.pretrained import PRETRAINED
from npkpose.skeleton import Skeleton
from npkpose.weights.published import entries, find_entry

CROPS = {"input_size", "convention", "refine", "blur_kernel", "flip", "padding"}
FIELDS = {  # of the preprocessing, by how people are found
    "one": CROPS,
    "tags": {"input_height", "size_multiple", "fit", "convention", "flip", "score_thresholds"},
    "paf": {"input_height", "flip"},
    "keypoints": {"finds", "skeleton", "input_size", "convention", "flip", "padding"},
    "people": {"finds", "skeleton", "input_size"},
    "boxes": {"finds", "skeleton", "input_size"},
    "lifter": set(),
    "simple3d": {"normalisation"},
    "mesh": set(),
}
ALLOWED = {
    "convention": CONVENTIONS,
    "refine": (*REFINEMENTS, *DARK_SPACING),
    "blur_kernel": (None, 11, 17),
    "flip": (True, False),
    "padding": (1.25,),
    "size_multiple": (64,),
    "fit": ("pad",),
    "finds": ("keypoints", "people", "boxes"),
}


def kind(entry):
    """Return the row of `FIELDS` for an entry."""
    if entry.network == "onnx":
        return entry.preprocessing["finds"]
    if entry.network in ("lifter", "mesh"):
        return "simple3d" if entry.name == "simple3d" else entry.network
    if PRETRAINED[entry.network].finds == "one":
        return "one"
    return "tags" if entry.network.startswith("higherhrnet") else "paf"


@pytest.mark.parametrize("name", entries())
def test_an_entry_is_complete_and_names_known_choices(name):
    entry = entries()[name]
    assert entry.licence and entry.data and "stored file" not in entry.licence + entry.data
    assert bool(entry.urls) != bool(entry.page), "addresses, or a page for a browser"
    assert all(re.fullmatch(r"https://[^\s?#]+", url) for url in entry.urls)
    assert len(set(entry.urls)) == len(entry.urls)
    assert entry.hash is None or re.fullmatch(r"[0-9a-f]{8}|[0-9a-f]{64}|[0-9a-f]{96}", entry.hash)
    assert entry.inner_hash is None or len(entry.inner_hash) == 64
    assert entry.size is None or entry.size > 10**6
    assert entry.score is None or entry.score[1] > 0 and len(entry.score) == 3
    assert set(entry.preprocessing) == FIELDS[kind(entry)]
    for field, value in entry.preprocessing.items():
        assert value in ALLOWED.get(field, (value,)), field
    skeleton = entry.preprocessing.get("skeleton")
    assert skeleton is None or isinstance(getattr(skeletons, skeleton), Skeleton)


def test_a_hash_of_eight_digits_is_that_in_the_name_which_archives_do_not_have():
    for entry in entries().values():
        if entry.hash is not None and len(entry.hash) == 8:
            assert f"-{entry.hash}_" in entry.file and not entry.is_archive


def test_files_in_the_cache_have_different_names_unless_they_are_one_file():
    places = {}
    for entry in entries().values():
        if entry.urls:
            assert re.fullmatch(r"[\w.-]+", entry.cached_name)
        assert places.setdefault(entry.cached_name.lower(), entry.urls) == entry.urls


def test_every_network_of_the_table_has_a_file_under_its_name():
    for name in PRETRAINED:
        assert find_entry(name).network == name


def test_sizes_and_decoding_follow_the_release():
    kernels = {name: entries()[name].preprocessing["blur_kernel"] for name in (
        "hrnet-w32-384-dark", "hrnet-w32-384-dark/mmpose-1.x", "hrnet-w48-udp", "hrnet-w48",
    )}  # fmt: skip
    assert list(kernels.values()) == [17, 11, 11, None]  # mmpose 0.x: 17 at 384 x 288
    for name, entry in entries().items():
        wide = "-384" in name
        assert not wide or entry.preprocessing["input_size"] == [384, 288]
    with pytest.raises(ValueError, match="such as vitpose-b"):
        find_entry("vitpose_b")
