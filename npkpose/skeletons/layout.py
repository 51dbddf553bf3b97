"""Where to draw the keypoints of a body plan, for a picture of it with its numbers.

The file `data/layouts.json` has a typical place of each named keypoint, per group or plan, and of
the numbered points of faces. People and faces look at the viewer, so their left is on the right;
animals walk to the left; insects are seen from above. Of a plan that is about half known, the other
keypoints stand on a circle beside it; one that is not is laid out by its limbs: each connected part
on a circle of its own.
"""

import functools

import numpy as np

from npkpose._json import read_json
from npkpose.skeletons.catalogue import DATA, plan


def layout(skeleton):
    """Return (x, y) of each keypoint, y downwards, about 100 units high: (K, 2)."""
    known = known_places(skeleton)
    places = [known.get(name, (np.nan, np.nan)) for name in skeleton.keypoints]
    places = np.array(places, dtype=float).reshape(-1, 2)
    unknown = np.isnan(places[:, 0])
    if unknown.sum() > 0.6 * len(places):
        return circles(skeleton)
    if unknown.any():
        corner = np.nanmin(places, axis=0)
        places[unknown] = corner + [-30, 22] + _circle(unknown.sum(), 22)
    return places


def known_places(skeleton):
    """Return {name: (x, y)} of all keypoints that have a place in such a plan."""
    named = _data()["names"]
    groups = ["body", skeleton.group, skeleton.name]
    return dict(_numbered(), **{k: v for group in groups for k, v in named.get(group, {}).items()})


def circles(skeleton):
    """Return the places (K, 2) of keypoints on circles, one for each connected part."""
    parts = _connected(skeleton)
    columns = int(np.ceil(np.sqrt(len(parts)))) if parts else 1
    largest = max(map(len, parts), default=1)
    places = np.zeros((skeleton.num_keypoints, 2))
    for number, part in enumerate(parts):
        radius = 50 * np.sqrt(len(part) / largest) * (len(part) > 1)
        centre = np.array([number % columns, number // columns]) * 120.0
        places[part] = centre + _circle(len(part), radius)
    return places * 100 / max(np.ptp(places[:, 1], axis=0), 1) if len(places) else places


def _circle(count, radius):
    """Return points (count, 2), the first at the top, then clockwise."""
    angle = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.sin(angle), -np.cos(angle)], axis=1)


def _connected(skeleton):
    """Return lists of keypoints that limbs connect; all that have no limb are one list."""
    part = np.arange(skeleton.num_keypoints)
    for a, b in skeleton.limbs:
        part[part == part[a]] = part[b]
    lists = [np.flatnonzero(part == each).tolist() for each in dict.fromkeys(part.tolist())]
    alone = [k for each in lists if len(each) == 1 for k in each]
    return [each for each in lists if len(each) > 1] + ([alone] if alone else [])


@functools.cache
def _numbered():
    """Return {"face-0": (x, y), ...} of the plans whose keypoints have numbers only."""
    return {
        keypoint: place
        for name, places in _data()["numbers"].items()
        for keypoint, place in zip(plan(name).keypoints, places)
    }


@functools.cache
def _data():
    return read_json(DATA / "layouts.json")
