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
    coco_results.py      COCO results, AlphaPose's too
    lost.py              what of labels a format does not hold
    wholebody.py         COCO-WholeBody: feet, face and hands in lists of their own
    posetrack.py         PoseTrack18: videos, tracks, ignored regions
    mat5.py              MATLAB's .mat files
    mpii.py              MPII's JSON and .mat
    ai_challenger.py     AI Challenger's JSON
    image_files.py       the images beside a file, and their sizes
    openpose.py          a folder of OpenPose's JSON
    pts.py               landmarks of faces in .pts files
    yaml_subset.py       the part of YAML that data.yaml uses
    ultralytics.py       a folder of Ultralytics' .txt files
    mediapipe.py         MediaPipe's landmarks, as JSON or .npz
    deeplabcut.py        DeepLabCut's .csv
    csv_table.py         plain CSV
    people_json.py       npkpose's own JSON of a photo or video
    people_npz.py        the .npz that predict writes
    hdf5.py              HDF5 files
    deeplabcut_h5.py     DeepLabCut's .h5
    sleap.py             SLEAP's analysis .h5
    not_keypoints.py     what a file is that holds no keypoints
    convert.py           read, write and formats: the list of all formats
    supervision.py       KeyPoints of the library supervision, in memory
"""

from npkpose.io.convert import formats, read, write
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.supervision import from_supervision, to_supervision

__all__ = [
    "ImageEntry", "Labels", "formats", "from_supervision", "read", "to_supervision", "write",
]  # fmt: skip
