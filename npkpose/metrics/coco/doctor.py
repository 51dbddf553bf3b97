"""What is wrong with these COCO files, and what does it do to the score?

Scores that are far too low, or too high, come from the files more often than from the network:
an area of 1 written by a converter, an annotation with id 0, a NaN. The evaluation refuses what
it cannot read, and stops at the first such value; `examine` checks every entry, goes on if it can,
and says what each finding does to the score. `doctor_checks` has the questions, `read_json` says
what a well-formed file is. If no question finds a reason to refuse the files, the evaluation is
run, and what it refuses is a finding, too.
"""

import warnings
from collections import Counter
from typing import NamedTuple

from npkpose._check import check_kind
from npkpose.io.entries import Entries, has_box
from npkpose.io.keypoint_names import (
    length_difference,
    listed_names,
    name_difference,
    names_of_categories,
    other_skeleton,
)
from npkpose.metrics.coco.doctor_checks import (
    ANNOTATION_CHECKS,
    IMAGE_CHECKS,
    LEFT_OUT_CHECKS,
    LEFT_OUT_RESULT_CHECKS,
    REFUSES,
    RESULT_CHECKS,
    is_ignored,
)
from npkpose.metrics.coco.doctor_entries import KNOWN, Known, key, read_entries, size_of
from npkpose.metrics.coco.evaluate import evaluate_coco
from npkpose.metrics.coco.read_json import load_json
from npkpose.skeleton import Skeleton
from npkpose.skeletons import COCO_17

SHOWN = 5  # entries that a finding names


class Finding(NamedTuple):
    """One kind of thing that is wrong; ``print`` it for two lines."""

    what: str
    effect: str  # on the score
    entries: list  # of str: where, as in "annotations[3]"
    measured: str = ""  # what the entries cost, measured on these files

    @property
    def changes_score(self):
        """Whether the effect is other than "None"."""
        return not self.effect.startswith("None")

    @property
    def refuses(self):
        """Whether the files cannot be evaluated at all."""
        return self.effect.startswith(REFUSES)

    def __str__(self):
        more = ", ..." if len(self.entries) > SHOWN else ""
        where = ", ".join(self.entries[:SHOWN])
        measured = f"\n    {self.measured}" if self.measured else ""
        return f"{len(self.entries)} x {self.what}: {where}{more}\n    {self.effect}{measured}"


def examine(annotations, results=None, skeleton=COCO_17):
    """Return a list of `Finding`, empty if nothing is wrong.

    Parameters
    ----------
    annotations : path or parsed JSON
        COCO annotations.
    results : path or parsed JSON, optional
        COCO results for them.
    skeleton : Skeleton
        Its keypoints are expected.

    Raises
    ------
    ValueError
        Not JSON, or not lists of objects where COCO has them.
    FileNotFoundError
    """
    check_kind("skeleton", skeleton, Skeleton)
    name, truth = load_json("annotations", annotations)
    if not isinstance(truth, dict):
        raise ValueError(
            f"{name}: expected an object with annotations, got a {type(truth).__name__}"
        )
    lists = [_objects(f"{name}: {field}", truth.get(field)) for field in
             ("images", "annotations", "categories")]  # fmt: skip
    found = [] if results is None else _objects(*load_json("results", results))
    known = Known(
        images={key(image.get("id")): size_of(image) for image in lists[0]},
        categories={key(category.get("id")) for category in lists[2]},
        num_keypoints=skeleton.num_keypoints,
    )
    findings = _examine_annotations(*lists, known, skeleton)
    if results is not None:
        findings += _examine_results(found, known, skeleton)
    if not any(finding.refuses for finding in findings):
        findings += _refusal(truth, found, skeleton)
    return findings


def _examine_annotations(images, annotations, categories, known, skeleton):
    repeated = _used_before([key(annotation.get("id")) for annotation in annotations])
    people = read_entries(annotations, repeated, known)
    used = [one if one.image == one.category == KNOWN else None for one in people]
    return [
        *_apply(IMAGE_CHECKS, "images", images),
        *_other_names(categories, skeleton),
        *_apply(ANNOTATION_CHECKS, "annotations", used),
        *_other_lengths("annotations", used, categories, skeleton),
        *_apply(LEFT_OUT_CHECKS, "annotations", people),
        *_nobody_to_find(used),
    ]


def _examine_results(found, known, skeleton):
    scores = [(key(one.get("category_id")), key(one.get("score"))) for one in found]
    repeated = [count > 1 for count in map(Counter(scores).get, scores)]
    detections = read_entries(found, repeated, known)
    used = [one if one.category == KNOWN else None for one in detections]
    return [
        *_no_results_or_boxes(found, used),
        *_apply(RESULT_CHECKS, "results", used),
        *_other_lengths("results", used, (), skeleton),
        *_apply(LEFT_OUT_RESULT_CHECKS, "results", detections),
    ]


def _used_before(values):
    """Return which values are equal to one before them."""
    seen, before = set(), []
    for value in values:
        before.append(value in seen)
        seen.add(value)
    return before


def _refusal(truth, found, skeleton):
    """Return what the evaluation refuses, as a list of one finding or none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evaluate_coco(truth, found, skeleton)
    except ValueError as error:
        where, wanted, got = str(error).partition(": expected")
        entries = [where.removeprefix("ground_truth: ")]
        return [Finding(wanted[2:] + got, f"{REFUSES}.", entries)]
    return []


def _objects(name, entries):
    Entries(name, entries)  # refuses anything but a list of objects
    return entries


def _apply(checks, name, entries):
    """Return the findings of a table of (what, question, effect); None is not asked."""
    findings = []
    for what, question, effect in checks:
        places = [
            f"{name}[{i}]"
            for i, entry in enumerate(entries)
            if entry is not None and question(entry)
        ]
        if places:
            findings.append(Finding(what, effect, places))
    return findings


def _other_names(categories, skeleton):
    """Return a finding for each difference between the names of keypoints and the skeleton's."""
    places, listed = {}, {}
    for i, category in enumerate(categories):
        names = listed_names(category)
        difference = name_difference(names, skeleton) if names else ""
        if difference:
            places.setdefault(difference, []).append(f"categories[{i}]")
            listed[difference] = names
    effect = f"Keypoints are compared by position, with the sigmas of {skeleton.name}"
    return [
        Finding(
            f"other keypoints: {difference}",
            f"{effect}; {other_skeleton(len(names), skeleton, names)}.",
            places[difference],
        )
        for difference, names in listed.items()
    ]


def _other_lengths(name, entries, categories, skeleton):
    """Return a finding for each wrong length of a list of keypoints."""
    listed, places = names_of_categories(categories), {}
    for i, entry in enumerate(entries):
        if entry is not None and entry.points is None and entry.length is not None:
            places.setdefault(entry.length, []).append(f"{name}[{i}]")
    return [
        Finding(
            f"keypoints of another length: {length_difference(length, skeleton, listed)}",
            f"{REFUSES}; {other_skeleton(length // 3, skeleton)}.",
            places[length],
        )
        for length in places
    ]


def _nobody_to_find(annotations):
    """Return a finding if all annotations are ignored or left out."""
    used = [one for one in annotations if one is not None]
    if not all(is_ignored(one) for one in used):
        return []
    why = "all annotations are ignored (iscrowd, or num_keypoints 0)"
    if not used:
        why = "all annotations are left out" if annotations else "there are no annotations"
    effect = "AP and AR are -1, whatever the results are."
    return [Finding(f"nobody to find, {why}", effect, ["annotations"])]


def _no_results_or_boxes(found, used):
    """Return the findings about all results together; ``used`` has None for those left out."""
    if not found:
        effect = "AP and AR are 0, or -1 if there is nobody to find; pycocotools stops."
        return [Finding("no results", effect, ["results"])]
    boxed = [has_box(one) for one in found]
    odd = [i for i, one in enumerate(used) if one is not None and boxed[i] != boxed[0]]
    if not odd:
        return []
    effect = "None: without a box in the first, the boxes of all others are not used."
    if boxed[0]:
        effect = f"{REFUSES}: with a box in the first, all must have one."
    places = [f"results[{i}]" for i in odd]
    what = "results without a box, unlike the first" if boxed[0] else "boxes, unlike the first"
    return [Finding(what, effect, places)]
