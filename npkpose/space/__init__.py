"""Three dimensions: cameras, several views of one person, rotations, and a body model.

Read in this order:

    lens.py          lens distortion, and how to undo it
    camera.py        world <-> camera <-> pixels, and the conventions of the data sets
    triangulate.py   3-D points from several views, in four steps: Camera.rays and
    consensus.py     which views agree
    dlt.py           the linear solution
    refine.py        least squares of the reprojection errors
    associate.py     which detections of several views are the same person, by means of
    epipolar.py      how well two detections agree, and
    cluster.py       which of them join
    sequence.py      one person's keypoints, prepared for the lifting networks
    files.py         camera and keypoint files
    people_files.py  files of people in images; frames.py: image ids as frames
    tracks.py        one person followed from image to image
    rotations.py     axis-angle, quaternions, 6-D and matrices, with gradients
    procrustes.py    the best similarity between two sets of points
    body.py          the arrays of a body model, and a small model made of tubes
    smpl.py          a body's surface from rotations and shape
    smpl_file.py     reads the official SMPL file

World points are (x, y, z), in the unit of their camera.
"""

from npkpose.space.associate import associate, triangulate_people
from npkpose.space.body import BodyData, tube_body
from npkpose.space.camera import Camera
from npkpose.space.lens import Lens
from npkpose.space.procrustes import Similarity, procrustes
from npkpose.space.sequence import coco_to_h36m, fill_gaps
from npkpose.space.smpl import SMPL, Body
from npkpose.space.triangulate import Status, Triangulation, triangulate

__all__ = [
    "SMPL", "Body", "BodyData", "Camera", "Lens", "Similarity", "Status", "Triangulation",
    "associate", "coco_to_h36m", "fill_gaps", "procrustes", "triangulate",
    "triangulate_people", "tube_body",
]  # fmt: skip
