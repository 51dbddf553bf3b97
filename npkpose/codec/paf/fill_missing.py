"""Absent keypoints of a person, guessed: where the map is bright and the fields of limbs lead.

    argmax over pixels q of  h_k[q] + 0.3 mean over present neighbours j of E(x_j, q)

E is the line integral of `codec.paf` along the limb that would join keypoint k to its neighbour
j, at x_j, at most 1; or -1 for a limb longer than half of the person's extent (and than a pixel).
Pixels that are too far from every neighbour do not count; of equal pixels the first in raster order
is taken. From the keypoints that are there the guesses go outwards, limb by limb. As in
`codec.tag_fill`, a place is a guess, right only where the keypoint is there but too faint to be a
peak, and another person's is not refused.

Published parsers of fields leave absent keypoints absent; COCO's evaluation counts a keypoint that
is hidden but labelled like any other, so a guess can only raise a person's similarity to the true
one. The two constants were chosen on synthetic scenes: with weights from 0.15 to 1, and limbs of a
quarter to three quarters of the extent, AP is within 0.01 of theirs.
"""

import math

import numpy as np

from npkpose._jit import kernel
from npkpose.codec.tags.peaks import offset_pixels

FIELD_WEIGHT = 0.3
LONGEST = 0.5  # limb, in extents of the person (the longer side of its box)
OFFSET = 0.25  # of a pixel, towards the higher neighbour


def fill_along_limbs(keypoints, heatmaps, pafs, skeleton, num_samples=10):
    """Return keypoints (P, K, 2) in which absent ones have their likeliest place.

    Parameters
    ----------
    keypoints : ndarray, shape (P, K, 2)
        In heatmap pixels, NaN where absent.
    heatmaps : ndarray, shape (K, H, W), float32
        C-contiguous, as are the fields.
    pafs : ndarray, shape (C, H, W), float32
        Of the skeleton's C channels.
    skeleton : Skeleton of K keypoints
    num_samples : int, at least 2
        Of the line integral.

    Returns
    -------
    filled : ndarray, shape (P, K, 2)
        Still NaN where no limb leads to it from a keypoint that is there, or where no pixel is
        near enough.
    """
    filled = np.array(keypoints, dtype=float)
    absent = np.isnan(filled[..., 0])
    limbs = [(*ends, *channels) for ends, channels in zip(skeleton.limbs, skeleton.paf_channels)]
    _fill(filled, np.array(limbs, dtype=np.int64).reshape(-1, 4), heatmaps, pafs, num_samples)
    person, part = np.nonzero(absent & ~np.isnan(filled[..., 0]))
    pixels = np.column_stack([part, filled[person, part, ::-1]]).astype(np.int64)
    filled[person, part] = offset_pixels(heatmaps, pixels, OFFSET)
    return filled


@kernel
def _fill(people, limbs, heatmaps, pafs, num_samples):
    """Put absent keypoints of people (P, K, 2) on pixels, outwards along limbs (L, 4)."""
    parts, count = people.shape[1], limbs.shape[0]
    guesses = np.empty((parts, 2))
    starts, fields, signs = np.empty((count, 2)), np.empty((count, 2), np.int64), np.empty(count)
    for p in range(people.shape[0]):
        points, found = people[p], 1
        while found > 0:
            found = 0
            longest = max(LONGEST * _extent(points), 1.0)
            for k in range(parts):
                guesses[k] = np.nan
                leads = _list_leads(points, limbs, k, starts, fields, signs)
                lead = starts[:leads], fields[:leads], signs[:leads]
                if leads > 0 and _guess(heatmaps[k], pafs, lead, longest, num_samples, guesses[k]):
                    found += 1
            for k in range(parts):
                if not np.isnan(guesses[k, 0]):
                    points[k] = guesses[k]


@kernel
def _list_leads(points, limbs, k, starts, fields, signs):
    """List the limbs from present neighbours to keypoint k, if it is absent; return how many."""
    leads = 0
    if not np.isnan(points[k, 0]):
        return leads
    for limb in range(limbs.shape[0]):
        for end in range(2):
            j = limbs[limb, end]
            if limbs[limb, 1 - end] == k and not np.isnan(points[j, 0]):
                starts[leads], fields[leads] = points[j], limbs[limb, 2:]
                signs[leads] = 1.0 - 2.0 * end
                leads += 1
    return leads


@kernel
def _extent(points):
    """The longer side of the box of the points (K, 2) that are there."""
    longer = 0.0
    for axis in range(2):
        low, high = np.inf, -np.inf
        for k in range(points.shape[0]):
            if not np.isnan(points[k, axis]):
                low, high = min(low, points[k, axis]), max(high, points[k, axis])
        longer = max(longer, high - low)
    return longer


@kernel
def _guess(heatmap, pafs, lead, longest, num_samples, guess):
    """Fill in the likeliest pixel (x, y) of a keypoint; False if all are too far."""
    starts, fields, signs = lead
    height, width = heatmap.shape
    best, count = -np.inf, starts.shape[0]
    left, right = _span(starts[:, 0], longest, width)
    top, bottom = _span(starts[:, 1], longest, height)
    for y in range(top, bottom):
        for x in range(left, right):
            if np.float64(heatmap[y, x]) + FIELD_WEIGHT <= best:
                continue  # even with the best of limbs
            total, near = 0.0, False
            for n in range(count):
                if math.hypot(x - starts[n, 0], y - starts[n, 1]) > longest:
                    total -= 1.0
                    continue
                near = True
                field = pafs[fields[n, 0]], pafs[fields[n, 1]]
                total += signs[n] * _integral(field, starts[n], x, y, num_samples)
            value = np.float64(heatmap[y, x]) + FIELD_WEIGHT * total / count
            if near and value > best:
                best = value
                guess[0], guess[1] = x, y
    return best > -np.inf


@kernel
def _span(starts, longest, size):
    """The pixels, of ``size``, within reach of any start along an axis."""
    first = min(max(starts.min() - longest, 0.0), float(size))
    last = min(max(starts.max() + longest + 1.0, 0.0), float(size))
    return int(first), int(last)


@kernel
def _integral(field, start, x, y, num_samples):
    """E of the limb from a point, moved into the map, to the pixel (x, y)."""
    field_x, field_y = field
    height, width = field_x.shape
    left, top = min(max(start[0], 0.0), width - 1.0), min(max(start[1], 0.0), height - 1.0)
    dx, dy = x - left, y - top
    length = math.hypot(dx, dy)
    if length == 0.0:
        return 0.0
    total = 0.0
    for s in range(num_samples):
        u = s / (num_samples - 1)
        px, py = left + u * dx, top + u * dy
        x0, y0 = min(int(px), width - 1), min(int(py), height - 1)
        x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
        fx, fy = px - x0, py - y0
        w00, w01, w10, w11 = (1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx
        along_x = w00 * field_x[y0, x0] + w01 * field_x[y0, x1] + w10 * field_x[y1, x0]
        along_y = w00 * field_y[y0, x0] + w01 * field_y[y0, x1] + w10 * field_y[y1, x0]
        total += (along_x + w11 * field_x[y1, x1]) * dx + (along_y + w11 * field_y[y1, x1]) * dy
    return min(total / (num_samples * length), 1.0)
