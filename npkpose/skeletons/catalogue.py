"""The data files of body plans, and a plan by its name.

Each file of the folder ``data`` holds the plans of one group, by name:

    source           the paper, and where the order of the keypoints or the sigmas are written
    note             what else to know; may be missing
    aliases          other names of the same plan
    keypoints        their names; "face-0..67" stands for face-0 to face-67
    limbs            keypoint indices; [15, 13, 11] stands for the two limbs (15, 13) and (13, 11)
    pairs            left and right partners
    sigmas           null, or no list, where nobody published one: NaN in the `Skeleton`
    listed_as        other lists of names by which files call the plan; see recognise.py
    paf_channels, redundant_limbs, group_order: as in `Skeleton`
"""

import difflib
import functools
import pathlib
import re

from npkpose._check import check_choice, shown
from npkpose._json import read_json
from npkpose.skeleton import Skeleton

GROUPS = "body", "wholebody", "hand", "face", "animal", "clothes"
DATA = pathlib.Path(__file__).with_name("data")
_RANGE = re.compile(r"(.*?)(\d+)\.\.(\d+)")
_NUMBERED = re.compile(r"(.*?)(0|[1-9]\d*)?", re.DOTALL)  # the number is last
_OPTIONAL = "paf_channels", "redundant_limbs", "group_order"


def skeleton_names(group=None):
    """Return the names of all plans, or of those of one group: see ``GROUPS``."""
    groups = GROUPS if group is None else [check_choice("group", group, GROUPS)]
    return [name for each in groups for name in entries(each)]


def aliases():
    """Return {other name: name of the plan}."""
    return {
        alias: name
        for group in GROUPS
        for name, entry in entries(group).items()
        for alias in entry.get("aliases", ())
    }


def find(name):
    """Return the plan of a name or an alias; case, spaces, "-" and "_" do not matter.

    The number of keypoints may be left out where it is not needed to tell plans apart.

    Raises
    ------
    ValueError
        No such plan; the message lists the nearest names.
    """
    known = _spellings()
    spelled = _spelling(name) if isinstance(name, str) else None
    if spelled in known:
        return plan(known[spelled])
    near = difflib.get_close_matches(spelled or "", known, n=5, cutoff=0.5)
    near += [each for each in known if spelled and spelled in each]
    near = list(dict.fromkeys(known[each] for each in near))[:5]
    advice = f", the nearest are {', '.join(near)}" if near else ""
    raise ValueError(
        f"name: expected a skeleton{advice}, got {shown(name)}; `npkpose skeletons` lists all"
    )


@functools.cache
def plan(name):
    """Return the `Skeleton` of an exact name or alias; KeyError if there is none."""
    for group in GROUPS:
        for each, entry in entries(group).items():
            if name == each:
                return _skeleton(name, group, entry)
            if name in entry.get("aliases", ()):
                return plan(each)
    raise KeyError(name)


@functools.cache
def entries(group):
    """Return {name: entry of the data file} of a group."""
    return read_json(DATA / f"{group}.json")


def expanded(names):
    """Return names of keypoints with each "face-0..67" written out."""
    found = []
    for name in names:
        numbered = _RANGE.fullmatch(name)
        if numbered is None:
            found.append(name)
        else:
            first, last = int(numbered[2]), int(numbered[3])
            found += [f"{numbered[1]}{k}" for k in range(first, last + 1)]
    return found


def ranges(names):
    """Return names with five or more consecutive numbers as one: the inverse of `expanded`."""
    found = []
    for name in names:
        stem, number = _NUMBERED.fullmatch(name).groups()
        last = found[-1] if found else None
        if number and last and last[0] == stem and last[2] + 1 == int(number):
            last[2] += 1
        else:
            found.append([stem, int(number), int(number)] if number else [name, None, None])
    for stem, first, last in found:
        if first is None:
            yield stem
        elif last - first < 4:
            yield from (f"{stem}{k}" for k in range(first, last + 1))
        else:
            yield f"{stem}{first}..{last}"


def _skeleton(name, group, entry):
    keypoints = expanded(entry["keypoints"])
    sigmas = entry.get("sigmas", [None] * len(keypoints))
    return Skeleton(
        name,
        keypoints,
        limbs=[pair for chain in entry.get("limbs", ()) for pair in zip(chain, chain[1:])],
        pairs=entry.get("pairs", ()),
        sigmas=[float("nan") if sigma is None else sigma for sigma in sigmas],
        group=group,
        source=entry["source"],
        note=entry.get("note", ""),
        **{key: entry[key] for key in _OPTIONAL if key in entry},
    )


@functools.cache
def _spellings():
    """Return {spelling: name of the plan} of all names and aliases, and of names without number.

    "H36M" is H36M_17, as no other plan has this name; "FACE" could be several and is none.
    """
    both = {name: name for name in skeleton_names()} | aliases()
    stems = [name.rpartition("_")[0] for name in skeleton_names()]
    short = {stem: name for stem, name in zip(stems, skeleton_names()) if stems.count(stem) == 1}
    return {_spelling(name): target for name, target in (short | both).items()}


def _spelling(name):
    return re.sub(r"[\W_]+", "", name).upper()
