"""What is wrong with these COCO files, and what does it do to the score?

Scores that are far too low, or too high, come from the files more often than from the network:
an area of 1 written by a converter, an annotation with id 0, a NaN. The evaluation refuses what
it cannot read and warns of what it leaves out, one thing at a time; `examine` goes through
everything, reads on where it can, and says of each finding what it costs. `doctor_checks` holds
the questions; `coco_json` says what well-formed files are.
"""

import math
from collections import Counter
from typing import NamedTuple

from npkpose.metrics.coco_json import Entries, load_json
from npkpose.metrics.doctor_checks import (
    ANNOTATION_CHECKS,
    IMAGE_CHECKS,
    RESULT_CHECKS,
    Person,
    is_finite,
    is_number,
    points_of,
    size_of,
)
from npkpose.skeleton import COCO_17

SHOWN = 5  # entries that a finding names


class Finding(NamedTuple):
    """One kind of thing that is wrong; ``print`` it for two lines."""

    what: str
    effect: str  # on the score
    entries: list  # of str: where, as in "annotations[3]"

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
    findings = _apply(IMAGE_CHECKS, "images", images)
    findings += _apply(ANNOTATION_CHECKS, "annotations", people)
    if results is None:
        return findings
    found = _objects(*load_json("results", results))
    scores = [(_key(one.get("category_id")), _key(one.get("score"))) for one in found]
    doubled = [count > 1 for count in map(Counter(scores).get, scores)]
    detections = _people(found, doubled, sizes, known, skeleton)
    return findings + _whole_list(found) + _apply(RESULT_CHECKS, "results", detections)


def _whole_list(found):
    """Return the findings about all results together."""
    if not found:
        return [Finding("no results", "AP and AR are 0; pycocotools stops.", ["results"])]
    boxed = ["bbox" in one and one["bbox"] != [] for one in found]
    if all(boxed) or not any(boxed):
        return []
    effect = "None: without a box in the first, those of all others are not read."
    if boxed[0]:
        effect = "The evaluation refuses the file: with a box in the first, all must have one."
    entries = [f"results[{i}]" for i, box in enumerate(boxed) if box != boxed[0]]
    what = "results without a box, unlike the first" if boxed[0] else "boxes, unlike the first"
    return [Finding(what, effect, entries)]


def _objects(name, entries):
    Entries(name, entries)  # refuses what is no list of objects
    return entries


def _apply(checks, name, things):
    """Return the findings of a table of (what, question, effect)."""
    findings = []
    for what, question, effect in checks:
        entries = [f"{name}[{i}]" for i, thing in enumerate(things) if question(thing)]
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
