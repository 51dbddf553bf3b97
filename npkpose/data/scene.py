"""One image and the annotations of its people: an item of a data set.

There are two conventions, as in COCO. Keypoints are points; integer coordinates are pixel centres.
Boxes are areas, where pixel i extends from i to i + 1: a person seen only in column 3 has x0 = 3
and x1 = 4.
"""

from dataclasses import dataclass

import numpy as np

CATEGORY = 1  # COCO's id of the category "person"


@dataclass
class Scene:
    """An image with P people of K keypoints.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    keypoints : ndarray, shape (P, K, 2)
        (x, y) in pixels; NaN where visibility is 0.
    visibility : ndarray of int64, shape (P, K)
        COCO's: 0 not labelled, 1 labelled and hidden, 2 visible.
    boxes : ndarray, shape (P, 4)
        (x0, y0, x1, y1) around the visible part of each person.
    areas : ndarray, shape (P,)
        Of the visible part of each person, in pixels^2.
    crowd : ndarray of bool, shape (P,)
        COCO's iscrowd: a group in one box, without keypoints.
    """

    image: np.ndarray
    keypoints: np.ndarray
    visibility: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    crowd: np.ndarray

    def __len__(self):
        return len(self.keypoints)

    @property
    def labelled(self):
        """Which people have a labelled keypoint: bool (P,)."""
        return (self.visibility > 0).any(axis=1)

    def of(self, people):
        """Return the scene with only these people (an index array or mask); it shares the image."""
        fields = self.keypoints, self.visibility, self.boxes, self.areas, self.crowd
        return Scene(self.image, *(field[people] for field in fields))

    def to_coco(self, image_id, first_id=1):
        """Return a COCO annotation for each person, with ids from ``first_id``."""
        flags = self.visibility[..., None]
        triples = np.concatenate([np.nan_to_num(self.keypoints, nan=0.0), flags], axis=2)
        low, high = self.boxes[:, :2], self.boxes[:, 2:]
        boxes = np.concatenate([low, high - low], axis=1)
        return [
            {
                "id": first_id + p,
                "image_id": image_id,
                "category_id": CATEGORY,
                "keypoints": _numbers(triples[p].ravel()),
                "num_keypoints": int((self.visibility[p] > 0).sum()),
                "bbox": _numbers(boxes[p]),
                "area": float(self.areas[p]),
                "iscrowd": int(self.crowd[p]),
            }
            for p in range(len(self))
        ]


def _numbers(array):
    """Return Python numbers rounded to 0.001, whole numbers as int."""
    rounded = [round(float(value), 3) for value in array]
    return [int(value) if value.is_integer() else value for value in rounded]
