"""Twin of `npkpose.metrics.coco.scan`: `json` reads the text, and a loop looks at each entry.

Bytes are read as Latin-1, so a place in the text is a place in the bytes. Where the kernels raise
`UnusualJson`, these raise a ValueError, or read what `json` can read.
"""

import json

import numpy as np

IDS = "image_id", "category_id", "id"
NUMBERS = "score", "area", "iscrowd", "num_keypoints"
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


def field_names(parts=(("keypoints", 0),), more_numbers=()):
    """Return the names of the fields, as `metrics.coco.scan.field_names` does."""
    return (*IDS, *NUMBERS, *more_numbers, "bbox", "segmentation", *dict(parts))


def scan_entries(data, at, num_keypoints, visibility, parts=None, more_numbers=()):
    """Return the columns and the end, as `metrics.coco.scan.scan_entries` does.

    Values of fields that are missing or other are 0.
    """
    entries, end = json.JSONDecoder().raw_decode(_text(data), at)
    parts = {"keypoints": num_keypoints} if parts is None else dict(parts)
    fields, number_fields = field_names(parts, more_numbers), (*NUMBERS, *more_numbers)
    ids, numbers = np.zeros((len(entries), 3), int), np.zeros((len(entries), len(number_fields)))
    boxes, row = np.zeros((len(entries), 4)), np.zeros(len(entries), int)
    state, triples = np.zeros((len(entries), len(fields)), int), []
    for i, entry in enumerate(entries):
        state[i] = [_state(field, entry, parts, number_fields) for field in fields]
        usual = {field for field, s in zip(fields, state[i]) if s == USUAL}
        ids[i] = [entry[field] if field in usual else 0 for field in IDS]
        numbers[i] = [entry[field] if field in usual else 0 for field in number_fields]
        boxes[i] = entry["bbox"] if "bbox" in usual else 0
        if usual & set(parts):
            row[i] = len(triples)
        if usual >= set(parts):
            triples.append([number for part in parts for number in entry[part]])
    points = np.array(triples, dtype=float).reshape(-1, num_keypoints, 3)
    return (ids, numbers, boxes, row, state, points[..., :2], points[..., 2]), end


def _text(data):
    return data[:-1].tobytes().decode("latin-1")


def _state(field, entry, parts, numbers):
    if field not in entry:
        return MISSING
    value = entry[field]
    if field in IDS:
        is_usual = type(value) is int and abs(value) < 10**18
    elif field in numbers:
        is_usual = _is_number(value)
    else:
        length = 4 if field == "bbox" else 3 * parts.get(field, -1)
        is_usual = type(value) is list and len(value) == length and all(map(_is_number, value))
    return USUAL if is_usual else OTHER


def _is_number(value):
    return type(value) is float or type(value) is int and abs(value) < 2**1023
