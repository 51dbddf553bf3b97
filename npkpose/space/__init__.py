"""Three dimensions: cameras, several views of one person, rotations, and a body model.

Read in this order:

    lens.py          what glass does to a straight line, and how to undo it
    camera.py        world <-> camera <-> pixels, and the data sets' own conventions
    triangulate.py   points seen by several cameras, in four steps: Camera.rays and
    consensus.py     which views tell the truth
    dlt.py           the linear answer
    refine.py        the least squares of distances in the pictures
    associate.py     which person of one view is which of another
    film.py          one person's keypoints, made ready for the lifting networks
    files.py         cameras and keypoints in files
    rotations.py     axis-angle, quaternions, 6-D and matrices, with gradients
    procrustes.py    the best similarity between two sets of points
    body.py          what a body model consists of, and a small one made of tubes
    smpl.py          a body's surface from rotations and shape; smpl_file.py reads the official one

Points in the world are (x, y, z), in the unit that their camera states.
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
