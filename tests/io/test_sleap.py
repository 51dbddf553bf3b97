import numpy as np
import pytest

from npkpose.io import read, write
from tests.io import make

h5py = pytest.importorskip("h5py")


def test_tracks_of_frames_are_instances(tmp_path):
    tracks = np.full((2, 2, 3, 4), np.nan)  # T, 2, K, F
    tracks[0, :, :, 1], tracks[1, :, 0, 3] = [[1, 2, 3], [4, 5, 6]], [7, 8]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["tracks"], file["node_names"] = tracks, [b"head", b"thorax", b"tail"]
        file["track_names"], file["edge_inds"] = [b"ann", b"bob"], [[0, 1], [1, 2]]
        file["point_scores"] = np.full((2, 3, 4), 0.5)
    labels = read(tmp_path / "x.h5")
    assert labels.skeleton.limbs == ((0, 1), (1, 2)) and len(labels.images) == 4
    assert labels.image_index.tolist() == [1, 3] and labels.fields["track_ids"].tolist() == [0, 1]
    assert labels.fields["track_names"].tolist() == ["ann", "bob"]
    assert labels.keypoints[0].tolist() == [[1, 4], [2, 5], [3, 6]]
    assert labels.scores.tolist() == [[0.5] * 3, [0.5, 0, 0]]


def test_two_instances_of_a_track_in_an_image_are_refused(tmp_path):
    labels = make.labels_for("sleap")
    labels.fields["track_ids"][:] = 0
    with (pytest.warns(UserWarning, match="does not hold"),
          pytest.raises(ValueError, match="expected one instance of track 0 in each image")):
        write(labels, tmp_path / "x.h5", "sleap")


def test_names_of_another_number_are_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["tracks"], file["node_names"] = np.zeros((1, 2, 3, 1)), [b"head"]
    with pytest.raises(ValueError, match="x.h5: node_names: expected 3 names, got 1"):
        read(tmp_path / "x.h5")
