"""Files that hold no keypoints of images, though they often lie beside files that do.

`explain` says what such a file is: detected boxes, a camera calibration, points in space.
"""

from npkpose.weights.identify import what_is


def explain(source):
    """Return in words what a JSON file is instead of keypoints; "another" if it is unknown."""
    if source.is_folder:
        return "a folder without such files"
    if not source.is_json:
        return what_is(source.path).removesuffix(" that is damaged")
    first = _first(source.json)
    names = set(first) if isinstance(first, dict) else set()
    if "bbox" in names and "keypoints" not in names:
        return "boxes without keypoints"
    if {"R", "T"} <= names or {"focal", "princpt"} <= names or {"K", "R"} <= names:
        return "a camera calibration (npkpose triangulate reads some)"
    if "world_coord" in names or "joints3D" in names:
        return "points in space, not in images"
    if {"images", "categories"} <= names or "images" in names:
        return "images without annotations"
    return "another"


def _first(content, depth=3):
    """Return the first object inside lists, or inside objects of objects or lists."""
    while isinstance(content, list) and content:
        content = content[0]
    if not isinstance(content, dict) or not content or depth == 0:
        return content
    inner = next(iter(content.values()))
    known = {"bbox", "R", "focal", "K", "world_coord", "images"}
    ends = set(content) & known or not isinstance(inner, (dict, list))
    return content if ends else _first(inner, depth - 1)
