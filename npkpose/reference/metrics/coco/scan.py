"""Twin of `npkpose.metrics.coco.scan`: `json` reads the text, and a loop looks at each entry.

Bytes are read as Latin-1, so a place in the text is a place in the bytes. Where the kernels raise
`UnusualJson`, these raise a ValueError, or read what `json` can read.
"""

import json

import numpy as np

IDS = "image_id", "category_id", "id"
NUMBERS = "score", "area", "iscrowd", "num_keypoints"
FIELDS = (*IDS, *NUMBERS, "bbox", "keypoints", "segmentation")
MISSING, USUAL, OTHER = 0, 1, 2


def scan_numbers(data):
    """Return the array, as `metrics.coco.scan.scan_numbers` does."""
    return np.array(json.loads(data[:-1].tobytes()), dtype=float)


def skip_space(data, at):
    """Return the place, as `metrics.coco.scan.skip_space` does."""
    text = _text(data)
    return len(text) - len(text[at:].lstrip(" \n\r\t"))


def skip_value(data, at):
    """Return the place, as `metrics.coco.scan.skip_value` does."""
    return json.JSONDecoder().raw_decode(_text(data), at)[1]


def scan_object(data, at, readers):
    """Return the values and the end, as `metrics.coco.scan.scan_object` does."""
    text, values = _text(data), {}
    while text[at] != "}":
        name, at = json.JSONDecoder().raw_decode(text, skip_space(data, at + 1))
        at = skip_space(data, skip_space(data, at) + 1)  # behind the colon
        if name in readers:
            values[name], at = readers[name](at)
        else:
            at = skip_value(data, at)
        at = skip_space(data, at)
    return values, at + 1


def scan_entries(data, at, num_keypoints, visibility):
    """Return the columns and the end, as `metrics.coco.scan.scan_entries` does.

    Values of fields that are missing or other are 0.
    """
    entries, end = json.JSONDecoder().raw_decode(_text(data), at)
    ids, numbers = np.zeros((len(entries), 3), int), np.zeros((len(entries), 4))
    boxes, row = np.zeros((len(entries), 4)), np.zeros(len(entries), int)
    state, triples = np.zeros((len(entries), len(FIELDS)), int), []
    for i, entry in enumerate(entries):
        state[i] = [_state(field, entry, num_keypoints) for field in FIELDS]
        usual = {field for field, s in zip(FIELDS, state[i]) if s == USUAL}
        ids[i] = [entry[field] if field in usual else 0 for field in IDS]
        numbers[i] = [entry[field] if field in usual else 0 for field in NUMBERS]
        boxes[i] = entry["bbox"] if "bbox" in usual else 0
        if "keypoints" in usual:
            row[i] = len(triples)
            triples.append(entry["keypoints"])
    points = np.array(triples, dtype=float).reshape(-1, num_keypoints, 3)
    return (ids, numbers, boxes, row, state, points[..., :2], points[..., 2]), end


def _text(data):
    return data[:-1].tobytes().decode("latin-1")


def _state(field, entry, num_keypoints):
    if field not in entry:
        return MISSING
    value = entry[field]
    if field in IDS:
        is_usual = type(value) is int and abs(value) < 10**18
    elif field in NUMBERS:
        is_usual = _is_number(value)
    else:
        length = {"bbox": 4, "keypoints": 3 * num_keypoints}.get(field)
        is_usual = type(value) is list and len(value) == length and all(map(_is_number, value))
    return USUAL if is_usual else OTHER


def _is_number(value):
    return type(value) is float or type(value) is int and abs(value) < 2**1023
