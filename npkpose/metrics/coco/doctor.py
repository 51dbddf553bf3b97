"""What is wrong with these COCO files, and what does it do to the score?

Scores that are far too low, or too high, come from the files more often than from the network:
an area of 1 written by a converter, an annotation with id 0, a NaN. The evaluation refuses what
it cannot read and warns of what it leaves out, one thing at a time; `examine` goes through
everything, reads on where it can, and says of each finding what it costs. `doctor_checks` holds
the questions; `coco_json` says what well-formed files are. Where no question finds a reason to
refuse the files, the evaluation is run, and what it may refuse is a finding, too.
"""

import math
import warnings
from collections import Counter
from typing import NamedTuple

from npkpose.metrics.coco.doctor_checks import (
    ANNOTATION_CHECKS,
    IMAGE_CHECKS,
    LEFT_OUT_CHECKS,
    LEFT_OUT_RESULT_CHECKS,
    RESULT_CHECKS,
    Person,
    is_finite,
    is_number,
    points_of,
    size_of,
)
from npkpose.metrics.coco.evaluate import evaluate_coco
from npkpose.metrics.coco.read_json import Entries, has_box, load_json
from npkpose.skeletons import COCO_17

SHOWN = 5  # entries that a finding names


class Finding(NamedTuple):
    """One kind of thing that is wrong; ``print`` it for two lines."""

    what: str
    effect: str  # on the score
    entries: list  # of str: where, as in "annotations[3]"

    @property
    def changes_score(self):
        """Whether the effect is other than "None"."""
        return not self.effect.startswith("None")

    @property
    def refuses(self):
        """Whether the files cannot be evaluated at all."""
        return self.effect.startswith("The evaluation refuses")

    def __str__(self):
        more = ", ..." if len(self.entries) > SHOWN else ""
        where = ", ".join(self.entries[:SHOWN])
        return f"{len(self.entries)} x {self.what}: {where}{more}\n    {self.effect}"


def examine(annotations, results=None, skeleton=COCO_17):
    """Return a list of `Finding`, empty if all is well.

    Parameters
    ----------
    annotations : path or parsed JSON
        COCO annotations.
    results : path or parsed JSON, optional
        COCO results for them.
    skeleton : Skeleton
        Says how many keypoints there should be.

    Raises
    ------
    ValueError
        Not JSON, or not lists of objects where COCO has them.
    FileNotFoundError
    """
    name, truth = load_json("annotations", annotations)
    if not isinstance(truth, dict):
        raise ValueError(
            f"{name}: expected an object with annotations, got a {type(truth).__name__}"
        )
    images, people, categories = (
        _objects(f"{name}: {field}", truth.get(field))
        for field in ("images", "annotations", "categories")
    )
    sizes = {_key(image.get("id")): size_of(image) for image in images}
    known = {_key(category.get("id")) for category in categories}
    ids = _repeated([_key(person.get("id")) for person in people])
    people = _people(people, ids, sizes, known, skeleton)
    read = [person if person.image_known and person.category_known else None for person in people]
    findings = _apply(IMAGE_CHECKS, "images", images)
    findings += _apply(ANNOTATION_CHECKS, "annotations", read)
    findings += _apply(LEFT_OUT_CHECKS, "annotations", people)
    found = []
    if results is not None:
        found = _objects(*load_json("results", results))
        findings += _examine_results(found, sizes, known, skeleton)
    if not any(finding.refuses for finding in findings):
        findings += _refusal(truth, found, skeleton)
    return findings


def _examine_results(found, sizes, known, skeleton):
    scores = [(_key(one.get("category_id")), _key(one.get("score"))) for one in found]
    doubled = [count > 1 for count in map(Counter(scores).get, scores)]
    detections = _people(found, doubled, sizes, known, skeleton)
    read = [one if one.category_known else None for one in detections]
    findings = _whole_list(found, read)
    findings += _apply(RESULT_CHECKS, "results", read)
    return findings + _apply(LEFT_OUT_RESULT_CHECKS, "results", detections)


def _refusal(truth, found, skeleton):
    """Return what the evaluation refuses, as a list of one finding or none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evaluate_coco(truth, found, skeleton)
    except ValueError as error:
        where, wanted, got = str(error).partition(": expected")
        entries = [where.removeprefix("ground_truth: ")]
        return [Finding(wanted[2:] + got, "The evaluation refuses the file.", entries)]
    return []


def _whole_list(found, read):
    """Return the findings about all results together, of whom ``read`` are not left out."""
    if not found:
        return [Finding("no results", "AP and AR are 0; pycocotools stops.", ["results"])]
    boxed = [has_box(one) for one in found]
    odd = [i for i, one in enumerate(read) if one is not None and boxed[i] != boxed[0]]
    if not odd:
        return []
    effect = "None: without a box in the first, those of all others are not read."
    if boxed[0]:
        effect = "The evaluation refuses the file: with a box in the first, all must have one."
    entries = [f"results[{i}]" for i in odd]
    what = "results without a box, unlike the first" if boxed[0] else "boxes, unlike the first"
    return [Finding(what, effect, entries)]


def _objects(name, entries):
    Entries(name, entries)  # refuses what is no list of objects
    return entries


def _apply(checks, name, things):
    """Return the findings of a table of (what, question, effect); None is not asked."""
    findings = []
    for what, question, effect in checks:
        entries = [
            f"{name}[{i}]"
            for i, thing in enumerate(things)
            if thing is not None and question(thing)
        ]
        if entries:
            findings.append(Finding(what, effect, entries))
    return findings


def _people(entries, repeated, sizes, categories, skeleton):
    ranks = _ranks(entries)
    return [
        Person(
            entry, points_of(entry, skeleton.num_keypoints), sizes.get(_key(entry.get("image_id"))),
            _key(entry.get("image_id")) in sizes, _key(entry.get("category_id")) in categories,
            repeated[i], ranks[i],
        )
        for i, entry in enumerate(entries)
    ]  # fmt: skip


def _key(value):
    """Return a value that can be looked up; those that cannot are never equal to another."""
    readable = isinstance(value, str) or is_number(value)
    return value if readable else object()


def _repeated(values):
    """Return which values were there before."""
    seen, before = set(), []
    for value in values:
        before.append(value in seen)
        seen.add(value)
    return before


def _ranks(entries):
    """Return the place of each entry among those of its image and category, by falling score."""
    scores = [one.get("score") if is_finite(one.get("score")) else -math.inf for one in entries]
    counts, ranks = Counter(), [0] * len(entries)
    for i in sorted(range(len(entries)), key=lambda i: -scores[i]):
        group = _key(entries[i].get("image_id")), _key(entries[i].get("category_id"))
        ranks[i] = counts[group]
        counts[group] += 1
    return ranks
