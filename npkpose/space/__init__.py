"""Three dimensions: cameras, several views of one person, rotations, and a body model.

Read in this order:

    lens.py          what glass does to a straight line, and how to undo it
    camera.py        world <-> camera <-> pixels, and the data sets' own conventions

Points in the world are (x, y, z), in the unit that their camera states.
"""

from npkpose.space.camera import Camera
from npkpose.space.lens import Lens

__all__ = ["Camera", "Lens"]
