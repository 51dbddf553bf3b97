"""The published protocols that score keypoints by distances, as a table.

Each takes one result for each annotated person, face or hand, as top-down methods give. Bodies and
hands are scored by the share of correct keypoints (PCK), faces by the normalised mean error (NME)
of each face, its mean over faces, the share of faces above a threshold (failure rate, FR) and the
area under the curve of faces below it (AUC).

    mpii         PCKh at 0.5 and 0.1 of 0.6 of the head box's diagonal, by groups of keypoints; see
                 `metrics.mpii`. Andriluka et al., CVPR 2014
    pck          PCK at 0.05, 0.1 and 0.2 of the larger side of the box
    pckh         PCK at 0.5 of the head's size
    jhmdb        PCK at 0.2 and 0.1 of the torso, from the left shoulder to the right hip
    onehand10k   PCK at 0.2 of the larger side of the box, AUC of 0 to 30 pixels, EPE; also
    freihand     FreiHAND and RHD (Zimmermann and Brox, ICCV 2017, arXiv:1705.01389: AUC of 0 to
    rhd          30 pixels), as mmpose's tables have them
    300w         NME by the outer corners of the eyes, AUC and FR at 0.08. Sagonas et al., "300
                 Faces In-the-Wild Challenge", ICCV Workshops 2013
    wflw, lapa   the same, at 0.1. Wu et al., "Look at Boundary", CVPR 2018, arXiv:1805.10483
    cofw         the same; the paper's own NME is by the pupils: size="interpupil". Burgos-Artizzu
                 et al., ICCV 2013
    aflw         NME by the face's size, which AFLW's files give as box_size
    nme          NME by the square root of the box's area, AUC and FR at 0.1
    epe          EPE in pixels, and AUC of 0 to 30 pixels
"""

from typing import NamedTuple

from npkpose._check import check_choice, shown


class DistanceProtocol(NamedTuple):
    """How distances become numbers."""

    name: str
    size: str  # a name of `sizes.SIZES`: what distances are divided by
    thresholds: tuple = ()  # of PCK, in sizes
    auc_pixels: float = 0.0  # AUC of PCK from 0 to this many pixels, and EPE
    face_threshold: float = 0.0  # of NME's AUC and failure rate; 0: no NME
    is_mpii: bool = False


def _hand(name):
    return DistanceProtocol(name, "box_side", (0.2,), auc_pixels=30.0)


def _face(name, threshold=0.1, size="interocular"):
    return DistanceProtocol(name, size, face_threshold=threshold)


DISTANCE_PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        DistanceProtocol("mpii", "head", (0.5,), is_mpii=True),
        DistanceProtocol("pck", "box_side", (0.05, 0.1, 0.2)),
        DistanceProtocol("pckh", "head", (0.5,)),
        DistanceProtocol("jhmdb", "torso", (0.2, 0.1)),
        _hand("onehand10k"), _hand("freihand"), _hand("rhd"),
        _face("300w", 0.08), _face("wflw"), _face("lapa"), _face("cofw"),
        _face("aflw", size="box_size"), _face("nme", size="box"),
        DistanceProtocol("epe", "pixels", auc_pixels=30.0),
    )
}  # fmt: skip


def as_distance_protocol(protocol):
    """Return a `DistanceProtocol` or the one of this name; raise ValueError for anything else."""
    if isinstance(protocol, DistanceProtocol):
        return protocol
    if not isinstance(protocol, str):
        raise ValueError(f"protocol: expected a name or a DistanceProtocol, got {shown(protocol)}")
    return DISTANCE_PROTOCOLS[check_choice("protocol", protocol.lower(), tuple(DISTANCE_PROTOCOLS))]
