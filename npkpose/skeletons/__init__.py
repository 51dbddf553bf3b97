"""The published body plans, each a `Skeleton`: bodies, hands, faces, animals and clothes.

    from npkpose.skeletons import HAND_21
    from npkpose import skeletons

    skeletons.find("hand-21")           by name, in any spelling; an alias is a name too
    skeletons.find_skeletons(17)        by number of keypoints
    skeletons.skeleton_of(names)        by the names of keypoints that an annotation file lists
    skeletons.skeleton_names()          all names; `npkpose skeletons` prints them
    print(skeletons.conversion_table(skeletons.COCO_17, skeletons.HALPE_26))

A keypoint number is an index into a plan's ``keypoints``; other code reads it from here. The plans
are data: the folder ``data`` has a JSON file for each group. A file is read, and a plan is made,
when it is first asked for.

    catalogue.py    the data files; a plan by its name
    recognise.py    a plan by the names, or the number, of its keypoints
    meanings.py     what a keypoint means in its plan, and the rules that derive one
    conversion.py   from one plan to another: exact, derived or missing
    layout.py       where to draw the keypoints of a plan
    sigmas.py       OKS constants from repeated labels, where nobody published them
"""

from npkpose.skeletons.catalogue import aliases, find, plan, skeleton_names
from npkpose.skeletons.conversion import ConversionTable, conversion_table
from npkpose.skeletons.recognise import find_skeletons, normal_name, skeleton_of
from npkpose.skeletons.sigmas import estimate_sigmas

__all__ = [
    "ConversionTable", "aliases", "conversion_table", "estimate_sigmas", "find", "find_skeletons",
    "normal_name", "skeleton_names", "skeleton_of",
]  # fmt: skip


def __getattr__(name):
    """Return the plan of this exact name: ``skeletons.COCO_17``."""
    if name.startswith("_") or not name.isupper():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return plan(name)
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no skeleton {name!r}") from None


def __dir__():
    return sorted([*globals(), *skeleton_names(), *aliases()])
