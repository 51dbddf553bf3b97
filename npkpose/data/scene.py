"""One picture and what is known of the people in it: what every data set gives.

Two frames meet here, as in COCO. Keypoints are points, at integers on pixel centres. Boxes are
areas, in which pixel i reaches from i to i + 1: a person seen in column 3 alone has x0 = 3 and
x1 = 4.
"""

from dataclasses import dataclass

import numpy as np

CATEGORY = 1  # COCO's number for people


@dataclass
class Scene:
    """A picture with P people of K keypoints.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    keypoints : ndarray, shape (P, K, 2)
        (x, y) in pixels; NaN where visibility is 0.
    visibility : ndarray of int64, shape (P, K)
        COCO's: 0 not labelled, 1 labelled and hidden, 2 seen.
    boxes : ndarray, shape (P, 4)
        (x0, y0, x1, y1) around what is seen of each.
    areas : ndarray, shape (P,)
        Pixels^2 that are seen of each.
    crowd : ndarray of bool, shape (P,)
        A group in one box, without keypoints.
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
        """Who has a keypoint to learn from: bool (P,)."""
        return (self.visibility > 0).any(axis=1)

    def of(self, people):
        """Return the scene with these people (an index array or mask) only; arrays are shared."""
        fields = self.keypoints, self.visibility, self.boxes, self.areas, self.crowd
        return Scene(self.image, *(field[people] for field in fields))

    def to_coco(self, image_id, first_id=1):
        """Return COCO annotations of everybody, with ids from ``first_id`` on."""
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
    """Plain numbers to a thousandth of a pixel, whole ones as int."""
    rounded = [round(float(value), 3) for value in array]
    return [int(value) if value.is_integer() else value for value in rounded]
