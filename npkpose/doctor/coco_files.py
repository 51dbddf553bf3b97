"""COCO's files as the doctor reads them: annotations, results or both, of one skeleton.

The doctor examines files that `npkpose.io` and the evaluation refuse, so it reads lists of objects
and nothing more. A file may have categories of different keypoints. One group of them is examined:
that of ``category``, else all if they list the same keypoints, else the one named person, else
those that list the keypoints of the first with annotations.
"""

import dataclasses
import re
from collections import Counter

import numpy as np

from npkpose._check import shown
from npkpose._json import read_json
from npkpose.doctor.coco_mends import Files
from npkpose.io.entries import Entries
from npkpose.io.keypoint_names import listed_names
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.metrics.coco.doctor_entries import is_id, length_of
from npkpose.metrics.coco.protocols import PARTS, PROTOCOLS
from npkpose.skeletons import find as find_skeleton

WHOLEBODY = "COCO_WHOLEBODY_133"
ANNOTATION = re.compile(r"annotations\[(\d+)\]")
GUESSED_SIGMA = 0.05  # where a skeleton has none, to ask the evaluation what it refuses


class CocoFiles:
    """The lists of annotations and results, and the skeleton of the examined entries.

    Parameters
    ----------
    name : str
        Of the annotations, for messages.
    truth : dict or None
        Parsed annotations; None for results alone.
    found : list or None
        Parsed results.
    skeleton : Skeleton, optional
        Default: by the names that the category lists, or the number of keypoints.
    category : int or str, optional
        Id or name of the category to examine.

    Raises
    ------
    ValueError
        Not lists of objects where COCO has them, or no such category.
    """

    def __init__(self, name, truth, found, skeleton=None, category=None):
        self.name, self.truth, self.found = name, truth, found
        fields = "images", "annotations", "categories"
        lists = [[] if truth is None else _objects(f"{name}: {f}", truth.get(f)) for f in fields]
        self.images, self.annotations, self.categories = lists
        if found is not None:
            _objects("results" if truth is not None else name, found)
        self.chosen = self._choose(category)
        self.refresh()
        self.skeleton = self._skeleton() if skeleton is None else skeleton
        if not self.skeleton.num_keypoints and (self.indices or self.result_indices):
            raise ValueError(f"{name}: expected keypoints, got {self.skeleton.name!r} without any")

    def refresh(self):
        """Choose the entries to examine anew, after a mend has removed some."""
        self.indices = self._of_chosen(self.annotations)
        self.result_indices = self._of_chosen(self.found or [])

    @property
    def scored_skeleton(self):
        """The skeleton with a guess for each sigma that is not known."""
        sigmas = np.array(self.skeleton.sigmas, float)
        known = np.where(np.isnan(sigmas), GUESSED_SIGMA, sigmas)
        return dataclasses.replace(self.skeleton, sigmas=known)

    @property
    def has_sigmas(self):
        """Whether all sigmas are known, so that OKS and AP mean something."""
        return bool(np.isfinite(self.skeleton.sigmas).all())

    @property
    def has_whole_results(self):
        """Whether annotations have COCO-WholeBody's parts, and results all of its keypoints."""
        if not self.annotations or not self.found:
            return False
        one, other = self.annotations[0], self.found[0]
        whole = find_skeleton(WHOLEBODY).num_keypoints
        parts = [part.field for part in PARTS[1:]]
        given = all(field in other for field in parts) or length_of(other) == 3 * whole
        return given and all(field in one for field in parts)

    @property
    def protocol(self):
        """The name of the protocol that is for this skeleton, else "coco"; see `PROTOCOLS`."""
        if self.has_whole_results:
            return "wholebody"
        name, rules = self.skeleton.name, PROTOCOLS.values()
        return next((one.name for one in rules if one.skeleton == name and not one.part), "coco")

    def ids(self, places):
        """Return the id of the annotation at each place such as "annotations[3]", or None."""
        found = [ANNOTATION.match(place) for place in places]
        return [None if one is None else self.annotations[int(one[1])].get("id") for one in found]

    def annotation_files(self):
        """Return the `Files` of the annotations, which share their lists, as they are now."""
        self.refresh()
        lists = self.annotations, self.images, self.categories
        return Files(*lists, self.skeleton, "annotations", self.indices)

    def result_files(self):
        """Return the `Files` of the results, which share their lists, as they are now."""
        self.refresh()
        lists = self.found, self.images, self.categories
        return Files(*lists, self.skeleton, "results", self.result_indices)

    def part(self):
        """Return annotations and results of the examined categories only, for the evaluation."""
        self.refresh()
        truth = self.truth and {
            **self.truth,
            "annotations": [self.annotations[i] for i in self.indices],
            "categories": [self.categories[i] for i in self.category_indices],
        }
        return truth, self.found and [self.found[i] for i in self.result_indices]

    def _choose(self, wanted):
        """Return the ids of the examined categories, and None if there is nothing to choose."""
        listed = [(one.get("id"), one.get("name"), listed_names(one)) for one in self.categories]
        self.category_indices = list(range(len(listed)))
        if wanted is not None:
            at = [i for i, one in enumerate(listed) if _is(wanted, one[0]) or _is(wanted, one[1])]
            if not at:
                names = ", ".join(f"{shown(i)} {shown(name)}" for i, name, _ in listed)
                raise ValueError(
                    f"category: expected one of those of {self.name} ({names[:200] or 'none'}), "
                    f"got {shown(wanted)}"
                )
            return self._keep(at)
        used = {one.get("category_id") for one in self.annotations if is_id(one.get("category_id"))}
        at = [i for i, one in enumerate(listed) if is_id(one[0]) and one[0] in used]
        if len({repr(listed[i][2]) for i in at}) <= 1:
            return None
        people = [i for i in at if str(listed[i][1]).casefold() == "person"]
        return self._keep(people[:1] or self._like(listed, at))

    def _like(self, listed, at):
        """Return the categories that list the keypoints of the first used one."""
        return [i for i in at if listed[i][2] == listed[at[0]][2]]

    def _keep(self, at):
        self.category_indices = at
        return [self.categories[i].get("id") for i in at]

    def _of_chosen(self, entries):
        """Return the indices of entries, without those of other listed categories."""
        if self.chosen is None:
            return list(range(len(entries)))
        others = [one.get("id") for one in self.categories if one.get("id") not in self.chosen]
        return [i for i, one in enumerate(entries) if not _in(one.get("category_id"), others)]

    def _skeleton(self):
        """Return the skeleton of the names that the category lists, or of most lists' length."""
        one = self.categories[self.category_indices[0]] if self.category_indices else {}
        entries = [self.annotations[i] for i in self.indices]
        entries = entries or [self.found[i] for i in self.result_indices]
        lengths = Counter(n // 3 for n in map(length_of, entries) if n and n % 3 == 0)
        names = listed_names(one)
        usual = lengths.most_common(1)[0][0] if lengths else len(names or ())
        name = one.get("name")
        limbs = one.get("skeleton")
        limbs = limbs if isinstance(limbs, (list, tuple)) else ()
        return choose_skeleton(usual, names, name if isinstance(name, str) else "", limbs)


def read_coco(path, results=None, skeleton=None, category=None):
    """Return the `CocoFiles` of a path of annotations, or of results alone, and one of results."""
    data, found = read_json(path), None if results is None else read_json(results)
    if isinstance(data, list) and found is None:
        return CocoFiles(str(path), None, data, skeleton, category)
    if not isinstance(data, dict):
        got = type(data).__name__
        raise ValueError(f"{path}: expected an object with annotations, got a {got}")
    if found is not None:
        _objects(str(results), found)
    return CocoFiles(str(path), data, found, skeleton, category)


def _objects(name, entries):
    Entries(name, entries)  # refuses anything but a list of objects
    return entries


def _is(wanted, value):
    return type(wanted) is type(value) and wanted == value


def _in(value, values):
    return any(_is(value, each) for each in values)
