"""The published ways of scoring keypoints by OKS, as a table: `PROTOCOLS`.

All match greedily at ten OKS thresholds and average precision over 101 levels of recall, as COCO
does (see `evaluate`). They differ in what is ignored, in whose area is taken, and in the keypoints:

    coco         pycocotools. Ground truth with num_keypoints 0 is ignored.
    xtcoco       xtcocotools, for any skeleton. Ground truth without a labelled keypoint is ignored:
                 num_keypoints is not read. Results all of whose third numbers are 0 are left out.
    ap10k        xtcoco with the keypoints of AP-10K; its species are categories, and AP is their
                 mean. Yu et al., "AP-10K", NeurIPS 2021 Datasets, arXiv:2108.12617
    crowdpose    num_keypoints is read (CrowdPose counts only visible keypoints in it); the area is
                 0.53 of the box; AP also of images that are easy, medium and hard by their
                 crowdIndex. Li et al., "CrowdPose", CVPR 2019, arXiv:1812.00324
    wholebody    xtcoco with the 133 keypoints of COCO-WholeBody, and wholebody_body, _foot, _face,
                 _lefthand and _righthand with those of a part. The score of a part is its own
                 (foot_score, ...) where a result has one, else the person's. Jin et al.,
                 "Whole-Body Human Pose Estimation in the Wild", ECCV 2020, arXiv:2007.11858

The rules were read from xtcocotools 1.14.3 (iouType "keypoints", "keypoints_crowd",
"keypoints_wholebody", ...) and are tested against it. It does not read foot_valid, face_valid, ...:
a keypoint is labelled if its visibility is above 0. With ``use_valid`` the keypoints of a part that
is not valid are not labelled.
"""

from typing import NamedTuple

from npkpose._check import check_choice, shown

BOX_SHARE = 0.53  # of a box is covered by a person, in CrowdPose's and xtcocotools' area


class Part(NamedTuple):
    """A part of COCO-WholeBody's 133 keypoints, with its names in JSON."""

    name: str
    field: str
    count: int
    score: str
    valid: str = ""


PARTS = (
    Part("body", "keypoints", 17, "score"),
    Part("foot", "foot_kpts", 6, "foot_score", "foot_valid"),
    Part("face", "face_kpts", 68, "face_score", "face_valid"),
    Part("lefthand", "lefthand_kpts", 21, "lefthand_score", "lefthand_valid"),
    Part("righthand", "righthand_kpts", 21, "righthand_score", "righthand_valid"),
)
# Columns of Detections.part_scores.
PART_SCORES = ("wholebody_score", *(part.score for part in PARTS[1:]))


class Protocol(NamedTuple):
    """What a protocol does differently; see the table in this file's docstring."""

    name: str
    skeleton: str | None = None  # the published one that it is for; None: any
    part: str | None = None  # of COCO-WholeBody; None: all keypoints
    is_wholebody: bool = False
    counts_labelled: bool = True  # ignored if no keypoint is labelled; else if num_keypoints is 0
    leaves_out_empty: bool = True  # results without a third number above 0
    use_area: bool = True  # the annotation's; else BOX_SHARE of its box
    use_crowd_index: bool = False
    use_valid: bool = False
    has_ids: bool = False  # pycocotools': a match with annotation 0 is none

    @property
    def score_column(self):
        """The column of Detections.part_scores with this part's scores, or None."""
        if not self.is_wholebody or self.part == "body":
            return None
        return PART_SCORES.index(f"{self.part or 'wholebody'}_score")

    @property
    def columns(self):
        """Which keypoints are scored, as a slice."""
        start = 0
        for part in PARTS:
            if part.name == self.part:
                return slice(start, start + part.count)
            start += part.count
        return slice(None)


COCO = Protocol("coco", counts_labelled=False, leaves_out_empty=False, has_ids=True)
_WHOLEBODY = Protocol("wholebody", skeleton="COCO_WHOLEBODY_133", is_wholebody=True)
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        COCO,
        Protocol("xtcoco"),
        Protocol("ap10k", skeleton="AP10K_17"),
        Protocol(
            "crowdpose", skeleton="CROWDPOSE_14", counts_labelled=False, use_area=False,
            use_crowd_index=True,
        ),
        _WHOLEBODY,
        *(_WHOLEBODY._replace(name=f"wholebody_{part.name}", part=part.name) for part in PARTS),
    )
}  # fmt: skip


def as_protocol(protocol):
    """Return a `Protocol` or the one of this name; raise ValueError for anything else."""
    if isinstance(protocol, Protocol):
        return protocol
    if not isinstance(protocol, str):
        raise ValueError(f"protocol: expected a name or a Protocol, got {shown(protocol)}")
    return PROTOCOLS[check_choice("protocol", protocol.lower(), tuple(PROTOCOLS))]


def layouts(protocol, num_keypoints):
    """Return how entries may hold their keypoints: each a tuple of (field, count)."""
    whole = (("keypoints", num_keypoints),)
    if not protocol.is_wholebody:
        return (whole,)
    return tuple((part.field, part.count) for part in PARTS), whole
