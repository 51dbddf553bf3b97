"""What findings and mends cost on these files: AP with and without them.

    a finding that is mended       AP with this mend alone
    another one about annotations  AP if these annotations were ignored (iscrowd)
    another one about results      AP without these results

AP is that of the protocol of the skeleton's data set, else COCO's (`metrics.coco.protocols`). Only
with results, sigmas, and files that the evaluation takes. Of many findings, the first
`MAX_MEASURED` are measured, since each costs an evaluation.
"""

import re
import warnings

from npkpose.doctor.coco_files import CocoFiles
from npkpose.doctor.examine_coco import copy_of, with_one_mend
from npkpose.metrics.coco.evaluate import evaluate_coco

MAX_MEASURED = 12
INDEX = re.compile(r"\b(annotations|results)\[(\d+)\]")


def average_precision(files):
    """Return COCO's AP of `CocoFiles`, or None if there is none."""
    if files.truth is None or files.found is None or not files.has_sigmas:
        return None
    truth, found = files.part()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            skeleton = None if files.has_whole_results else files.skeleton
            result = evaluate_coco(truth, found, skeleton, protocol=files.protocol)
            ap = result.stats.ap
    except ValueError:
        return None
    return ap if ap >= 0 else None


def measure_findings(findings, files):
    """Return the findings with what they cost, where that can be measured."""
    base = average_precision(files)
    if base is None:
        return findings
    measured, left = [], MAX_MEASURED
    for finding in findings:
        other = None
        if finding.changes_score and not finding.refuses and left:
            other, how = _without(finding, files)
            left -= other is not None
        if other is not None:
            finding = finding._replace(measured=f"Measured: AP {base:.4f}, {other:.4f} {how}.")
        measured.append(finding)
    return measured


def measure_mends(done, before, after, folder):
    """Return what each mend does to AP, a list of texts, "" where it cannot be measured.

    ``before`` and ``after`` are the `CocoFiles` without and with all mends.
    """
    base = average_precision(before)
    texts = []
    for which, what, _ in done:
        one = None
        if base is not None:
            one = average_precision(with_one_mend(before, which, what, folder))
        texts.append("" if one is None else f"AP {base:.4f} -> {one:.4f}")
    total = average_precision(after)
    if done and total is not None:
        was = "refused" if base is None else f"{base:.4f}"
        texts.append(f"AP of the files as they are: {was}; mended: {total:.4f}")
    return texts


def _without(finding, files):
    """Return the AP without a finding's entries, or None, and how they were left out."""
    places = [INDEX.search(place) for place in finding.entries]
    if not places or any(place is None for place in places):
        return None, ""
    kinds = {place[1] for place in places}
    at = {int(place[2]) for place in places}
    if kinds == {"annotations"} and len(at) < len(files.indices):
        copy = copy_of(files)
        for i in at:
            copy.annotations[i]["iscrowd"] = 1
        return average_precision(copy), "if these annotations were ignored"
    if kinds == {"results"} and len(at) < len(files.result_indices):
        kept = [one for i, one in enumerate(files.found) if i not in at]
        category = files.chosen[0] if files.chosen and len(files.chosen) == 1 else None
        copy = CocoFiles(files.name, files.truth, kept, files.skeleton, category)
        return average_precision(copy), "without these results"
    return None, ""
