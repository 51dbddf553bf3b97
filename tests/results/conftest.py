import numpy as np
import pytest

from npkpose import COCO_17, Poses
from npkpose.results.image import Image


@pytest.fixture
def frames(rng):
    """Three frames with two, no and one person: (Image, Poses); one keypoint is missing."""
    found = []
    for i, people in enumerate((2, 0, 1)):
        keypoints = rng.uniform(0, 60, (people, 17, 2))
        keypoints[:, 3] = np.nan
        poses = Poses(keypoints, rng.uniform(0.1, 1, (people, 17)), ids=[7, 9][:people])
        found.append((Image(10 + i, f"v_{i:012d}", 64, 48, i / 8), poses))
    return found


@pytest.fixture
def write(tmp_path, frames):
    """Return a function that writes the frames with a class, and returns the path."""

    def write(make, name, *arguments):
        writer = make(tmp_path / name, COCO_17, *arguments)
        for image, poses in frames:
            writer.add(image, poses)
        writer.close()
        return tmp_path / name

    return write
