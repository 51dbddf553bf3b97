import numpy as np

from npkpose import BODY_25, COCO_17, OPENPOSE_18, Skeleton, io
from npkpose.results.openpose import OpenPoseFiles
from npkpose.results.skeleton import coco_skeleton, openpose_skeleton


def test_each_frame_has_a_file_that_is_read_as_the_same_people(tmp_path, frames):
    def write_file(path, write):
        write(path)

    files = OpenPoseFiles(tmp_path, COCO_17, OPENPOSE_18, write_file, tracked=True)
    for image, poses in frames:
        files.add(image, poses)
    files.close()
    labels = io.read(tmp_path)
    assert [image.file_name for image in labels.images] == [image.name for image, _ in frames]
    for i, (_, poses) in enumerate(frames):
        expected = poses.convert(COCO_17, OPENPOSE_18).keypoints
        np.testing.assert_allclose(labels.of_image(i).keypoints, expected)
    assert labels.fields["track_ids"].tolist() == [7, 9, 7]


def test_each_format_has_the_keypoints_that_it_is_known_for():
    hand = Skeleton("MINE", ("a", "b"), ((0, 1),))
    assert coco_skeleton(OPENPOSE_18) == coco_skeleton(BODY_25) == COCO_17
    assert openpose_skeleton(COCO_17) == openpose_skeleton(OPENPOSE_18) == OPENPOSE_18
    assert openpose_skeleton(BODY_25) == BODY_25
    assert coco_skeleton(hand) == openpose_skeleton(hand) == hand
