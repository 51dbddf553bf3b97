"""COCO keypoint evaluation: AP and AR, equal to pycocotools' to the last bit.

Read in this order:

    protocols.py         the published protocols as a table: coco, xtcoco, crowdpose, wholebody ...
    tables.py            ground truth and detections, one array per JSON field
    extents.py           the area of the box around a pose
    scan.py              the compiled scanner: bytes to columns, numbers rounded as float() does
    scanned.py           what it scanned, with the methods of entries
    from_labels.py       Labels of other formats into tables
    read_json.py         COCO's JSON into tables, by the scanner or by json
    file_skeleton.py     the skeleton that a file's categories say
    scored.py            the skeleton, rows and columns that a protocol scores
    matching.py          greedy matching of the detections in one image
    curves.py            precision and recall from the matches
    evaluate.py          evaluate_coco: these steps for every threshold and range of areas
    wholebody.py         evaluate_wholebody: each part of COCO-WholeBody
    crowd_levels.py      CrowdPose's easy, medium and hard images
    notices.py           what evaluate_coco warns of
    result.py            CocoResult: the ten numbers, curves, matches, errors per keypoint
    plot.py              a CocoResult as a figure
    error_analysis.py    which kinds of error cost how much AP
    shards.py            evaluation in parts, on any number of machines, joined exactly
    doctor.py            what is wrong with entries of COCO's files; npkpose.doctor goes further
    doctor_entries.py    what the doctor can read of an annotation or a result
    doctor_checks.py     the list of what can be wrong
"""

from npkpose.metrics.coco.doctor import Finding, examine
from npkpose.metrics.coco.error_analysis import ErrorAnalysis, analyse_errors
from npkpose.metrics.coco.evaluate import AREAS, THRESHOLDS, evaluate_coco
from npkpose.metrics.coco.protocols import PROTOCOLS, Protocol
from npkpose.metrics.coco.result import CocoResult
from npkpose.metrics.coco.shards import join_shards, split_images
from npkpose.metrics.coco.tables import Detections, GroundTruth
from npkpose.metrics.coco.wholebody import WholeBodyResult, evaluate_wholebody

__all__ = [
    "AREAS", "CocoResult", "Detections", "ErrorAnalysis", "Finding", "GroundTruth", "PROTOCOLS",
    "Protocol", "THRESHOLDS", "WholeBodyResult", "analyse_errors", "evaluate_coco",
    "evaluate_wholebody", "examine", "join_shards", "split_images",
]  # fmt: skip
