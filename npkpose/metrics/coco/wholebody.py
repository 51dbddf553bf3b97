"""COCO-WholeBody's evaluation: AP and AR of the body, feet, face, hands, and of all keypoints.

Each part is an evaluation of its own with its own keypoints and scores, by the rules of
xtcocotools; see `protocols`. The area is the person's in all of them. Jin et al., "Whole-Body Human
Pose Estimation in the Wild", ECCV 2020, arXiv:2007.11858. Annotations and results hold the body in
``keypoints`` and the other parts in ``foot_kpts``, ``face_kpts``, ``lefthand_kpts`` and
``righthand_kpts``, or all 133 in ``keypoints``.
"""

import numpy as np

from npkpose._check import check_flag
from npkpose.metrics.coco.evaluate import (
    AREAS,
    THRESHOLDS,
    evaluate_tables,
    make_settings,
    read_tables,
)
from npkpose.metrics.coco.protocols import PARTS, PROTOCOLS
from npkpose.metrics.coco.scored import (
    part_skeleton,
    scored_tables,
    skeleton_to_score,
    with_body_areas,
)

NAMES = (*(part.name for part in PARTS), "wholebody")


def evaluate_wholebody(
    ground_truth, results, *, sigmas=None, categories=None, strict=False, use_valid=False
):
    """Return a `WholeBodyResult` of COCO-WholeBody's annotations and results.

    Parameters
    ----------
    ground_truth, results, categories, strict
        As for `evaluate_coco`; the files are read once.
    sigmas : sequence of 133 float, optional
        Instead of the published ones.
    use_valid : bool
        Keypoints of a part are labelled only if foot_valid, face_valid, lefthand_valid or
        righthand_valid is true; xtcocotools does not read these flags.

    Raises
    ------
    ValueError
        A setting out of range, or JSON that is not COCO-WholeBody's, naming file, entry and field.
    FileNotFoundError
    """
    whole = PROTOCOLS["wholebody"]._replace(use_valid=check_flag("use_valid", use_valid))
    skeleton = skeleton_to_score(None, whole, sigmas)
    settings = make_settings((20,), THRESHOLDS, AREAS, skeleton, strict, whole)
    known, truth, found = read_tables(ground_truth, results, categories, settings)
    found, parts, last = with_body_areas(found), {}, None
    for name in NAMES:
        protocol = whole._replace(name=name, part=None if name == "wholebody" else name)
        part = settings._replace(skeleton=part_skeleton(skeleton, protocol), protocol=protocol)
        tables = scored_tables(truth, found, protocol)
        candidates = last.candidates if last and _same_order(last.found, tables[1]) else None
        last = parts[name] = evaluate_tables(part, known, *tables, candidates)
    return WholeBodyResult(parts)


def _same_order(found, other):
    """Return whether two tables have the same rows and scores, so that pairs are the same."""
    return np.array_equal(found.entry, other.entry) and np.array_equal(found.score, other.score)


class WholeBodyResult:
    """The `CocoResult` of each part, in ``parts``; ``print`` it for a table of AP and AR."""

    def __init__(self, parts):
        self.parts = parts  # {name: CocoResult}

    def __getitem__(self, part):
        return self.parts[part]

    @property
    def stats(self):
        """The ten numbers of each part: {name: CocoStats}."""
        return {name: result.stats for name, result in self.parts.items()}

    def __str__(self):
        columns = "ap ap50 ap75 ap_medium ap_large ar ar50 ar75 ar_medium ar_large".split()
        lines = [f"{'part':<10}" + "".join(f"{name:>10}" for name in columns)]
        for name, stats in self.stats.items():
            lines.append(f"{name:<10}" + "".join(f"{value:>10.3f}" for value in stats))
        return "\n".join(lines)

    def __repr__(self):
        aps = ", ".join(f"{name} {stats.ap:.3f}" for name, stats in self.stats.items())
        return f"WholeBodyResult(ap: {aps})"
