"""Three dimensions: cameras, several views of one person, rotations, and a body model.

Read in this order:

    lens.py          what glass does to a straight line, and how to undo it
    camera.py        world <-> camera <-> pixels, and the data sets' own conventions
    rotations.py     axis-angle, quaternions, 6-D and matrices, with gradients
    procrustes.py    the best similarity between two sets of points

Points in the world are (x, y, z), in the unit that their camera states.
"""

from npkpose.space.camera import Camera
from npkpose.space.lens import Lens
from npkpose.space.procrustes import Similarity, procrustes

__all__ = ["Camera", "Lens", "Similarity", "procrustes"]
