import re
import xml.etree.ElementTree as tree

import numpy as np

from npkpose import COCO_17, Poses, evaluate_coco
from npkpose._html import MAX_ROWS, points_picture, table


def test_a_table_is_escaped_and_has_a_row_for_what_is_left_out():
    text = table(("<a>", "b"), [(n, "&") for n in range(MAX_ROWS + 3)])
    rows = tree.fromstring(text).findall("tr")
    assert len(rows) == MAX_ROWS + 2 and [cell.text for cell in rows[0]] == ["<a>", "b"]
    assert [cell.text for cell in rows[2]] == ["1", "&"] and rows[-1][0].text == "3 more"


def test_a_picture_of_points_holds_them_all():
    picture = tree.fromstring(points_picture([[(10, 20)], [(60, 40)]], ["red", "blue"], size=200))
    left, top, wide, high = map(float, picture.get("viewBox").split())
    assert (left, top, wide, high) == (7.5, 17.5, 55, 25) and picture.get("width") == "200"
    dots = [(float(dot.get("cx")), float(dot.get("cy")), dot.get("fill")) for dot in picture]
    assert dots == [(10, 20, "red"), (60, 40, "blue")]
    assert points_picture([[], []], ["red", "blue"]) == ""
    assert "circle" in points_picture([[(3, 3)]], ["red"])


def test_a_notebook_shows_people_and_results():
    keypoints = [[(1, 2), (3, 4)], [(5, 6), (np.nan, np.nan)]]
    text = Poses(keypoints, person_scores=[0.5, 0.25], ids=[7, 9])._repr_html_()
    assert "Poses(2 people, 2 keypoints)" in text and text.count("<circle") == 3
    cells = re.findall("<td>(.*?)</td>", text)
    assert cells == ["7", "0.500", "2 of 2", "9", "0.250", "1 of 2"]
    assert "<td>" not in Poses.empty(3)._repr_html_()
    truth = {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO_17.keypoints)}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 9000.0,
             "bbox": [0, 0, 90, 100], "num_keypoints": 17, "keypoints": [50, 50, 2] * 17},
        ],
    }  # fmt: skip
    found = [{"image_id": 1, "category_id": 1, "keypoints": [50, 50, 2] * 17, "score": 1.0}]
    text = evaluate_coco(truth, found)._repr_html_()
    stats = dict(zip(re.findall("<th>(.*?)</th>", text), re.findall("<td>(.*?)</td>", text)))
    assert stats["ap"] == "1.000" and stats["ap_medium"] == "1.000" and stats["ap_large"] == "-"
