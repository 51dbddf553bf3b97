"""The findings about COCO's files: entry by entry, then those of all formats, then the images."""

import re
import warnings
from copy import deepcopy

from npkpose import skeletons
from npkpose.doctor import file_checks, instance_checks
from npkpose.doctor.coco_files import WHOLEBODY
from npkpose.doctor.coco_mends import ANNOTATION_MENDS, RESULT_MENDS
from npkpose.doctor.image_checks import examine_images
from npkpose.doctor.pair_checks import examine_pairs
from npkpose.doctor.sheet import sheet_of_entries
from npkpose.io.keypoint_names import listed_names
from npkpose.metrics.coco.doctor import Finding, examine
from npkpose.metrics.coco.doctor_checks import REFUSES, SMALLEST
from npkpose.metrics.coco.doctor_entries import is_finite
from npkpose.metrics.coco.evaluate import evaluate_coco
from npkpose.metrics.coco.protocols import PARTS

ENTRY = re.compile(r"\b(annotations|results|categories)\[(\d+)\]")
TINY, AREA_BELOW = f"area from 0 to less than {SMALLEST}", "areas below a fiftieth of the box"
NO_SIGMAS, OTHER_NAMES = "no published sigmas", "other keypoints"


def examine_coco(files, folder=None):
    """Return the findings about `CocoFiles`; ``folder`` is that of the images, if it is known."""
    findings = [] if files.truth is None else _entry_findings(files)
    known = {one.what: set(one.entries) for one in findings}
    sheets = _sheets(files)
    for finding in check_sheets(sheets):
        if finding.what == AREA_BELOW:  # some are named already
            tiny = known.get(TINY, ())
            finding = finding._replace(entries=[e for e in finding.entries if e not in tiny])
        findings += [finding] * bool(finding.entries)
    if [one.are_results for one in sheets] == [False, True] and not files.has_whole_results:
        findings += examine_pairs(*sheets)
    findings += _about_images(files, folder)
    if not files.has_sigmas and files.truth is not None:
        findings.append(Finding(
            f"{NO_SIGMAS} of {files.skeleton.name}",
            "None for PCK and NME; OKS and AP need sigmas, see estimate_sigmas.", [files.name],
        ))  # fmt: skip
    return findings


def check_sheets(sheets):
    """Return the findings of all checks of sheets of annotations or of results."""
    findings = []
    for sheet in sheets:
        kind = "RESULT_CHECKS" if sheet.are_results else "ANNOTATION_CHECKS"
        for module in (file_checks, instance_checks):
            for _, what, effect, check in getattr(module, kind):
                found = check(sheet)
                places = [place for place, is_found in zip(sheet.places, found) if is_found]
                if places:
                    findings.append(Finding(what, effect, places))
    return findings


def _entry_findings(files):
    """Return the findings of `examine`, with the places in the whole file."""
    truth, found = files.part()
    places = {
        "annotations": files.indices,
        "results": files.result_indices,
        "categories": files.category_indices,
    }

    def replace(match):
        name, i = match[1], int(match[2])
        at = places[name][i] if i < len(places[name]) else i
        return f"{name}[{at}]"

    whole = files.has_whole_results  # which `examine` would refuse for their lengths
    findings = examine(truth, None if whole else found, files.scored_skeleton)
    if _has_listed_names(files):
        findings = [one for one in findings if not one.what.startswith(OTHER_NAMES)]
    findings = [
        one._replace(entries=[ENTRY.sub(replace, place) for place in one.entries])
        for one in findings
    ]
    return _by_protocol(findings, truth, found, files)


def _by_protocol(findings, truth, found, files):
    """Return the findings for the protocol of the skeleton's data set: it may refuse less."""
    refused, whole = any(finding.refuses for finding in findings), files.has_whole_results
    if files.protocol == "coco" or not (refused or whole):
        return findings
    skeleton = None if whole else files.scored_skeleton
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evaluate_coco(truth, found or [], skeleton, protocol=files.protocol)
    except ValueError as error:
        where, wanted, got = str(error).partition(": expected")
        effect = f"{REFUSES}, by the protocol {files.protocol}."
        return findings if refused else [*findings, Finding(wanted[2:] + got, effect, [where])]
    effect = f"None with the protocol {files.protocol}; COCO's own evaluation refuses the file."
    return [one._replace(effect=effect) if one.refuses else one for one in findings]


def _has_listed_names(files):
    """Return whether the categories list the names of the skeleton, in any known spelling."""
    listed = [files.categories[i] for i in files.category_indices]
    names = [(listed_names(one), one.get("name")) for one in listed]
    found = {skeletons.skeleton_of(one, category) for one, category in names if one}
    return all(one is not None and one.keypoints == files.skeleton.keypoints for one in found)


def _sheets(files):
    """Return the sheets of the annotations and results that there are."""
    lists = ("annotations", files.annotations, files.indices),
    lists += (("results", files.found or [], files.result_indices),)
    return [
        sheet_of_entries([entries[i] for i in at], files.images, files.skeleton, name, at)
        for name, entries, at in lists
        if at and not (name == "results" and files.has_whole_results)
    ] + _whole_sheets(files)


def _whole_sheets(files):
    """Return the sheet of results with all keypoints of COCO-WholeBody, in a list, or []."""
    if not files.has_whole_results:
        return []
    whole, at = skeletons.find(WHOLEBODY), files.result_indices
    entries = [_in_one_list(files.found[i]) for i in at]
    return [sheet_of_entries(entries, files.images, whole, "results", at)]


def _in_one_list(entry):
    """Return an entry with the keypoints of all its parts in one list, if it has parts."""
    rows = [entry.get(part.field) for part in PARTS]
    if not all(isinstance(row, list) for row in rows[1:]) or not isinstance(rows[0], list):
        return entry
    return {**entry, "keypoints": [value for row in rows for value in row]}


def _about_images(files, folder):
    """Return the findings about the list of images, and about the image files if there is one."""
    seen, twice = {}, []
    for i, image in enumerate(files.images):
        name = image.get("file_name")
        if isinstance(name, str) and name in seen:
            twice.append(f"images[{i}] {name[:60]!r}")
        elif isinstance(name, str):
            seen[name] = i
    findings = []
    if twice:
        effect = "None for files of one numbering; people of one image are split between two ids."
        findings.append(Finding("images with the file_name of an earlier one", effect, twice))
    if folder is None:
        return findings
    return findings + examine_images(listed_images(files), folder)[0]


def listed_images(files):
    """Return (place, file_name, width, height) of the images for `examine_images`."""
    return [
        (f"images[{i}]", image.get("file_name", ""), *map(_side, map(image.get, SIDES)))
        for i, image in enumerate(files.images)
    ]


SIDES = "width", "height"


def _side(value):
    return int(value) if is_finite(value) and value > 0 else None


def mend_coco(files, folder=None):
    """Mend the lists of `CocoFiles` in place; return [(which file, what was done, places)]."""
    done = []
    if folder is not None:
        done += _mend_sizes(files, folder)
    if files.truth is not None:
        done += _apply("annotations", ANNOTATION_MENDS, files.annotation_files)
    if files.found is not None:
        done += _apply("results", RESULT_MENDS, files.result_files)
    return done


def with_one_mend(files, which, what, folder=None):
    """Return a copy of `CocoFiles` with a single mend of `mend_coco`."""
    files = copy_of(files)
    mends, make = ANNOTATION_MENDS, files.annotation_files
    if which == "results":
        mends, make = RESULT_MENDS, files.result_files
    chosen = [(name, mend) for name, mend in mends if name == what]
    if chosen:
        _apply(which, chosen, make)
    elif folder is not None:
        _mend_sizes(files, folder)
    return files


def copy_of(files):
    """Return a deep copy of `CocoFiles`, of the same skeleton and entries."""
    truth, found = deepcopy(files.truth), deepcopy(files.found)
    return type(files)(files.name, truth, found, files.skeleton, _chosen_category(files))


def _chosen_category(files):
    return files.chosen[0] if files.chosen and len(files.chosen) == 1 else None


def _apply(which, mends, make):
    """Apply mends in turn; the entries are chosen anew for each, as one may remove some."""
    done = []
    for what, mend in mends:
        places = mend(make())
        if places:
            done.append((which, what, places))
    return done


def _mend_sizes(files, folder):
    sizes = examine_images(listed_images(files), folder)[1]
    for i, (width, height) in sizes.items():
        files.images[i].update(width=width, height=height)
    places = [f"images[{i}]" for i in sizes]
    return [("annotations", "width and height taken from the images", places)] if places else []
