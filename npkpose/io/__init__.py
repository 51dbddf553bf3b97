"""Files of keypoints: `read` returns what any of them says as `Labels`, `write` writes it.

Read in this order:

    labels.py            the class Labels: N instances of K keypoints in some images
    source.py            a file or folder, and its content
    entries.py           a list of JSON objects by field; errors name file, entry and field
    keypoint_rows.py     lists of keypoints in JSON as arrays
    extra_fields.py      what entries hold besides
    keypoint_names.py    are the keypoints of a file those of the skeleton?
    known_skeletons.py   the skeleton that a file's names or their number mean
    coco_images.py       COCO's images and categories
    coco.py              COCO annotations: COCO, CrowdPose, Halpe, AP-10K and most tools
    convert.py           read, write and formats: the list of all formats
"""

from npkpose.io.convert import formats, read, write
from npkpose.io.labels import ImageEntry, Labels

__all__ = ["ImageEntry", "Labels", "formats", "read", "write"]
