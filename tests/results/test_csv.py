import csv

import numpy as np

from npkpose import io
from npkpose.results.csv import CsvFile


def test_the_table_is_read_as_the_same_people(write, frames):
    labels = io.read(write(CsvFile, "a.csv"))
    assert [(image.id, image.file_name) for image in labels.images] == [
        (image.id, image.name) for image, _ in frames
    ]
    for i, (_, poses) in enumerate(frames):
        found = labels.of_image(i)
        np.testing.assert_array_equal(found.keypoints, poses.keypoints)
        np.testing.assert_array_equal(found.person_scores, poses.person_scores)


def test_time_and_track_have_columns(write):
    with open(write(CsvFile, "a.csv", True), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    times = {row["image_id"]: row["time"] for row in rows}
    assert times == {"10": "0.0", "11": "0.125", "12": "0.25"}
    labels = io.read(write(CsvFile, "a.csv", True))
    assert labels.image_fields["time"].tolist() == [0, 0.125, 0.25]
    assert labels.fields["track_ids"].tolist() == [7, 9, 7]
    tracks = {(row["instance"], row["track"]) for row in rows}
    assert tracks == {("", ""), ("0", "7"), ("1", "9"), ("2", "7")}
