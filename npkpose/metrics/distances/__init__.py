"""Scores of annotation files by distances: PCK, NME, AUC and EPE, and PoseTrack's AP and MOTA.

Read in this order:

    protocols.py    the published protocols as a table: measure, size of a person, thresholds
    sizes.py        what a distance is divided by: box, head, torso, eyes
    read.py         two files as Labels of one skeleton
    pairing.py      which result is of which ground truth
    evaluate.py     evaluate_distances: files or Labels in, named numbers out
    posetrack.py    PoseTrack: AP of each keypoint by the matches of whole poses
    clear_mot.py    CLEAR MOT: misses, false positives and switches of identities
    identities.py   IDF1: how long each object carries one identity
"""

from npkpose.metrics.distances.clear_mot import MotCounts, clear_mot
from npkpose.metrics.distances.evaluate import DistanceScores, evaluate_distances
from npkpose.metrics.distances.identities import IdentityCounts, identity_scores
from npkpose.metrics.distances.posetrack import PoseTrackScores, evaluate_posetrack
from npkpose.metrics.distances.protocols import DISTANCE_PROTOCOLS, DistanceProtocol

__all__ = [
    "DISTANCE_PROTOCOLS", "DistanceProtocol", "DistanceScores", "IdentityCounts", "MotCounts",
    "PoseTrackScores", "clear_mot", "evaluate_distances", "evaluate_posetrack", "identity_scores",
]  # fmt: skip
