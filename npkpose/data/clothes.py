"""A dressed body: its capsules and their colours.

Left and right have the same clothes. Only the direction from which a body is seen tells them apart:
the face and the hair, a jacket that is open in front, how knees and elbows bend, where feet point.
"""

import colorsys

import numpy as np

from npkpose.data.raster import COLUMNS

# (from, radius, to, radius, colour): names of `body.pose_body`, radii in heights of the body.
_SIDE = (
    ("ankle", 0.026, "toe", 0.022, "shoes"),
    ("hip", 0.062, "knee", 0.042, "thigh"),
    ("knee", 0.040, "ankle", 0.027, "shank"),
    ("shoulder", 0.040, "elbow", 0.031, "sleeve"),
    ("elbow", 0.029, "wrist", 0.021, "forearm"),
    ("wrist", 0.021, "hand", 0.028, "skin"),
    ("ear", 0.014, "ear", 0.014, "skin"),
    ("eye", 0.010, "eye", 0.010, "eyes"),
)
_MIDDLE = (
    ("left_hip", 0.064, "right_hip", 0.064, "trousers"),
    ("left_shoulder", 0.046, "left_hip", 0.056, "shirt"),
    ("right_shoulder", 0.046, "right_hip", 0.056, "shirt"),
    ("left_shoulder", 0.044, "right_shoulder", 0.044, "shirt"),
    ("neck", 0.066, "pelvis", 0.066, "shirt"),
    ("collar", 0.036, "belly", 0.040, "front"),
    ("neck", 0.032, "chin", 0.032, "skin"),
    ("chin", 0.049, "forehead", 0.053, "skin"),
    ("forehead", 0.011, "nose", 0.013, "skin"),
    ("left_lip", 0.006, "right_lip", 0.006, "lips"),
    ("nape", 0.052, "crown", 0.054, "hair"),
)
PARTS = _MIDDLE + tuple(
    (f"{side}_{a}", ra, f"{side}_{b}", rb, colour)
    for a, ra, b, rb, colour in _SIDE for side in ("left", "right")
)  # fmt: skip
HEAD_PARTS = ("skin", "eyes", "lips", "hair")  # the build does not change their radii

SKIN = np.array([(0.98, 0.83, 0.72), (0.80, 0.58, 0.44), (0.55, 0.36, 0.25), (0.30, 0.19, 0.13)])
HAIR = np.array(
    [(0.06, 0.05, 0.05), (0.25, 0.15, 0.09), (0.85, 0.68, 0.38), (0.6, 0.6, 0.6), (0.5, 0.2, 0.08)]
)
EYES, LIPS = (0.08, 0.06, 0.06), (0.62, 0.22, 0.22)
BUILD = (0.88, 1.3)  # slim to stout: factor of all radii below the head
SHORTS, SHORT_SLEEVES, NO_SLEEVES = 0.35, 0.45, 0.15  # shares of people


def random_clothes(num_people, rng):
    """Return ``{name: colours (P, 3)}``, RGB in [0, 1]."""
    skin = _interpolate(SKIN, rng.random(num_people))
    shirt, trousers, shoes = (random_colours(num_people, rng) for _ in range(3))
    shorts, sleeves = rng.random((2, num_people, 1))
    return {
        "skin": skin,
        "hair": HAIR[rng.integers(len(HAIR), size=num_people)],
        "eyes": np.tile(EYES, (num_people, 1)),
        "lips": 0.5 * (skin + LIPS),
        "shirt": shirt,
        "front": 0.3 * shirt + 0.7 * (shirt.mean(axis=1, keepdims=True) < 0.45),  # stands out
        "sleeve": np.where(sleeves < NO_SLEEVES, skin, shirt),
        "forearm": np.where(sleeves < SHORT_SLEEVES, skin, shirt),
        "trousers": trousers,
        "thigh": trousers,
        "shank": np.where(shorts < SHORTS, skin, trousers),
        "shoes": 0.7 * shoes,
    }


def random_colours(count, rng):
    """Return RGB colours (count, 3) in [0, 1] of all hues, most of them saturated."""
    hues = zip(rng.random(count), rng.random(count) ** 0.7, rng.uniform(0.15, 1, count))
    return np.array([colorsys.hsv_to_rgb(*hue) for hue in hues]).reshape(-1, 3)


def random_builds(num_people, rng):
    """Return how wide each person is (P,), as a factor."""
    return rng.uniform(*BUILD, num_people)


def body_parts(places, clothes, builds):
    """Return the parts (P, M, 13) of people, in the frame of ``places``; see `data.raster`.

    The column "owner" is left at 0.
    """
    parts = np.zeros((len(builds), len(PARTS), len(COLUMNS)))
    for m, (a, radius_a, b, radius_b, colour) in enumerate(PARTS):
        width = 1.0 if colour in HEAD_PARTS else builds
        parts[:, m, 0:3], parts[:, m, 3] = places[a], radius_a * width
        parts[:, m, 4:7], parts[:, m, 7] = places[b], radius_b * width
        parts[:, m, 8:11] = clothes[colour]
    return parts


def _interpolate(palette, u):
    """Return colours (P, 3) of the palette, interpolated at ``u`` (P,) in [0, 1)."""
    at = u * (len(palette) - 1)
    low = at.astype(int)
    share = (at - low)[:, None]
    return (1 - share) * palette[low] + share * palette[low + 1]
