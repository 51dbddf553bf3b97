"""`diagnose`: what is wrong with a file of keypoints of any format; and a mended copy of it."""

import json
import os
import warnings
from typing import NamedTuple

import numpy as np

from npkpose import io
from npkpose._check import shown
from npkpose._json import read_json
from npkpose.doctor.coco_files import read_coco
from npkpose.doctor.examine_coco import check_sheets, copy_of, examine_coco, mend_coco
from npkpose.doctor.image_checks import examine_images
from npkpose.doctor.labels_mends import mend_labels
from npkpose.doctor.measure import average_precision, measure_findings, measure_mends
from npkpose.doctor.round_trip import check_round_trip
from npkpose.doctor.sheet import sheet_of_labels
from npkpose.io import wholebody
from npkpose.io.convert import FORMATS, recognise
from npkpose.io.keypoint_names import (
    length_difference,
    name_difference,
    names_of_categories,
    other_skeleton,
)
from npkpose.io.source import Source
from npkpose.metrics.coco.doctor import Finding
from npkpose.skeletons import COCO_17

COCO_FORMATS = "coco", "coco-results"
IN_COCO_FORM = "wholebody", "posetrack"  # examined as COCO's annotations, entry by entry
BODY = 17  # keypoints of COCO-WholeBody that COCO has


class Mended(NamedTuple):
    """A mended copy, and what was done to it."""

    contents: dict  # {"annotations" or "results": parsed JSON}, or {"labels": Labels}
    done: list  # of (which file, what was done, places)
    measured: list  # of texts: what each does to AP, and then all together
    left: list  # of Finding: those that the copy still has
    format: str

    @property
    def is_folder(self):
        """Whether the format's copy is a folder."""
        return not FORMATS[self.format].SUFFIXES

    def write(self, which, path):
        """Write one of the contents to a new file."""
        if which == "labels":
            io.write(self.contents[which], path, self.format)
            return
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(self.contents[which], stream)


class Diagnosis:
    """The findings about one file, and of results for it; see `diagnose`."""

    def __init__(self, path, findings, files, folder, format):
        self.findings, self.format = findings, format
        self._path, self._files, self._folder = path, files, folder

    @property
    def changes_score(self):
        """Whether any finding changes the score."""
        return any(finding.changes_score for finding in self.findings)

    @property
    def ap(self):
        """COCO's AP of annotations and results, or None."""
        return average_precision(self._files) if self.format in COCO_FORMATS else None

    @property
    def unlike_coco(self):
        """In words, how listed keypoints differ from those `evaluate_coco` expects; or ""."""
        truth = self._files.truth if self.format in COCO_FORMATS else None
        categories = (truth or {}).get("categories")
        categories = categories if isinstance(categories, list) else []
        listed = names_of_categories([one for one in categories if isinstance(one, dict)])
        for place, _, names in listed:
            difference = names and name_difference(names, COCO_17)
            if difference and len(names) != COCO_17.num_keypoints:
                difference = length_difference(3 * len(names), COCO_17, listed)
            if difference:
                return f"{place}: {difference}; {other_skeleton(len(names), COCO_17, names)}"
        return ""

    def ids(self, finding):
        """Return the ids of a finding's annotations, a list; None for all other entries."""
        if self.format not in COCO_FORMATS:
            return [None] * len(finding.entries)
        return self._files.ids(finding.entries)

    def mend(self):
        """Return the `Mended` copy; the files themselves are not changed.

        Raises ValueError for a format that cannot be written again without a loss.
        """
        if self.format not in COCO_FORMATS:
            return self._mend_labels()
        after = copy_of(self._files)
        done = mend_coco(after, self._folder)
        contents = {"annotations": after.truth, "results": after.found}
        contents = {name: content for name, content in contents.items() if content is not None}
        again = copy_of(after)  # which chooses the entries that are left
        measured = measure_mends(done, self._files, again, self._folder)
        return Mended(contents, done, measured, examine_coco(again, self._folder), self.format)

    def _mend_labels(self):
        check_round_trip(self._path, self._files, self.format)
        labels, done = mend_labels(self._files)
        left = examine_labels(labels, self._folder)
        return Mended({"labels": labels}, done, [], left, self.format)


def diagnose(annotations, results=None, skeleton=None, category=None, format="auto", images=None):
    """Return the `Diagnosis` of a file of keypoints in any format that `npkpose.io` reads.

    Parameters
    ----------
    annotations : path_like
        Labels of any format and skeleton, or COCO results alone.
    results : path_like, optional
        COCO results for COCO annotations: findings are then measured, where that is possible.
    skeleton : Skeleton, optional
        Default: as the file says, by names or the number of keypoints.
    category : int or str, optional
        Id or name of the category to examine.
    format : str
        One of `io.formats`, or "auto".
    images : path_like, optional
        Folder of the images: are they there, and of the sizes that the file says?

    Raises
    ------
    ValueError
        A file that cannot be read at all; the message names it, the entry and the field.
    FileNotFoundError
    """
    if images is not None and not os.path.isdir(images):
        raise FileNotFoundError(f"images: expected a folder, got {images}")
    kind = find_format(annotations, format)
    if kind in COCO_FORMATS:
        files = read_coco(annotations, results, skeleton, category)
        findings = examine_coco(files, images)
        findings += _about_parts(annotations, {finding.what for finding in findings})
        findings = measure_findings(findings, files)
        return Diagnosis(annotations, findings, files, images, kind)
    if results is not None:
        raise ValueError(f"results: expected COCO annotations with them, got the format {kind}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is left out is a finding of its own format's reader
        labels = io.read(annotations, kind, skeleton, category, images)
    return Diagnosis(annotations, examine_labels(labels, images), labels, images, kind)


def _about_parts(path, known):
    """Return the findings about feet, face and hands of COCO-WholeBody's form, but for known ones.

    They are in lists of their own, which COCO's evaluation does not read.
    """
    if not wholebody.recognise(Source(path)):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sheet = sheet_of_labels(io.read(path, "wholebody"))
    except ValueError as error:
        effect = "The evaluation of COCO-WholeBody refuses the file; COCO's does not read it."
        where = str(error).removeprefix(f"{path}: ")
        return [Finding("a part that cannot be read", effect, [where])]
    sheet.keypoints[:, :BODY], sheet.visibility[:, :BODY] = np.nan, 0
    return [one for one in check_sheets([sheet]) if one.what not in known]


def find_format(path, format):
    """Return the format of a file; JSON of annotations or results is COCO's, however damaged."""
    source = Source(path)
    if format != "auto":
        if format not in io.formats():
            known = ", ".join(io.formats())
            raise ValueError(f"format: expected one of auto, {known}, got {shown(format)}")
        return "coco" if format in IN_COCO_FORM else format
    if not source.is_folder and source.is_json:
        data = read_json(path)
        if isinstance(data, dict) and "annotations" in data:
            return "coco"
        if isinstance(data, list) and any(_is_result(one) for one in data[:10]):
            return "coco-results"
    return recognise(source)


def _is_result(entry):
    return isinstance(entry, dict) and {"image_id", "keypoints"} <= set(entry)


def examine_labels(labels, folder=None):
    """Return the findings about `Labels`; ``folder`` is that of the images, if it is known."""
    findings = check_sheets([sheet_of_labels(labels)]) if len(labels) else []
    if folder is None:
        return findings
    listed = [
        (f"images[{i}]", image.file_name, image.width, image.height)
        for i, image in enumerate(labels.images)
        if image.file_name
    ]
    return findings + examine_images(listed, folder)[0]
