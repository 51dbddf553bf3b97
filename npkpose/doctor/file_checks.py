"""What can be wrong with all instances of a file at once, in any format: frames and conventions.

A check takes a `Sheet` and returns a bool (N,): the instances that show it. Statistics need
instances; below `MIN_INSTANCES` or `MIN_POINTS`, a check answers no.
"""

from dataclasses import replace

import numpy as np

from npkpose.doctor.instance_checks import has_box, holds_keypoints

MIN_INSTANCES, MIN_POINTS = 20, 10
ALMOST_ALL, MOST = 0.95, 0.5
CLEAR = 0.1  # of the longer side: a pair that is nearer in x has no clear order
MIN_PARTNERS = 2  # pairs that agree with each other and not with one
MIN_SIDE = 8  # pixels of an image with room for coordinates above 1


def normalised(sheet):
    """All coordinates are from 0 to 1, as shares of the image's sides."""
    points = sheet.keypoints[sheet.labelled]
    no = np.zeros(len(sheet), bool)
    if points.size < MIN_POINTS or not ((points >= 0) & (points <= 1)).all():
        return no
    if not ((points > 0) & (points < 1)).any():  # all are 0 or 1: flags
        return no
    small = (sheet.sizes < MIN_SIDE).any(axis=1) & sheet.labelled.any(axis=1)
    return no if small.any() else sheet.labelled.any(axis=1)


def exchanged(sheet):
    """Keypoints are (y, x): most lie outside of their boxes, and inside if exchanged."""
    boxed = has_box(sheet) & sheet.labelled.any(axis=1)
    swapped = replace(sheet, keypoints=sheet.keypoints[..., ::-1])
    now, then = holds_keypoints(sheet.boxes, sheet)[boxed], holds_keypoints(sheet.boxes, swapped)
    few = sheet.labelled[boxed].sum() < MIN_POINTS
    if few or now.mean() > 1 - MOST or then[boxed].mean() < ALMOST_ALL:
        return np.zeros(len(sheet), bool)
    return sheet.labelled.any(axis=1)


def corners(sheet):
    """Boxes are x0, y0, x1, y1: most leave the image, and as corners all hold the keypoints."""
    boxed = has_box(sheet) & sheet.labelled.any(axis=1) & np.isfinite(sheet.sizes).all(axis=1)
    no = np.zeros(len(sheet), bool)
    if sheet.labelled[boxed].sum() < MIN_POINTS:
        return no
    boxes, sizes = sheet.boxes[boxed], sheet.sizes[boxed]
    leaves = (boxes[:, :2] + boxes[:, 2:] > 1.1 * sizes + 2).any(axis=1)
    as_corners = (boxes[:, 2:] > boxes[:, :2]).all(axis=1) & (boxes[:, 2:] <= sizes + 2).all(axis=1)
    turned = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    holds = holds_keypoints(turned, _at(sheet, boxed)) & as_corners
    return has_box(sheet) if leaves.mean() > MOST and holds.all() else no


def one_based(sheet):
    """Coordinates are counted from 1: whole numbers, none of 0, some equal to the image's side."""
    points = sheet.keypoints[sheet.labelled]
    sizes = np.broadcast_to(sheet.sizes[:, None], sheet.keypoints.shape)
    at_side = sheet.labelled & (sheet.keypoints == sizes).any(axis=2)
    whole = points.size >= MIN_POINTS and (points == np.rint(points)).all() and (points >= 1).all()
    return at_side.any(axis=1) if whole else np.zeros(len(sheet), bool)


def one_score(sheet):
    """All results have one score."""
    same = len(sheet) > 1 and np.isfinite(sheet.scores).all() and np.ptp(sheet.scores) == 0
    return np.full(len(sheet), same)


def left_right(sheet):
    """Pairs of left and right whose order disagrees with that of other pairs, unlike elsewhere.

    If two pairs, such as shoulders and hips, have the same order from left to right in `ALMOST_ALL`
    of the file's instances, an instance where one pair disagrees with two others that agree with
    it elsewhere, and with each other here, has probably exchanged it. Where all pairs have one
    order in almost all instances, as in faces from the front, an instance with all of them
    exchanged is found.
    """
    order = pair_orders(sheet)  # (N, P)
    if len(order) < MIN_INSTANCES or not order.shape[1]:
        return np.zeros(len(sheet), bool)
    return _odd_pairs(order).any(axis=1) | _all_exchanged(order)


def pair_orders(sheet):
    """Return the sign (N, P) of x(left) - x(right) for each pair; 0 where it is not clear."""
    pairs = np.array(sheet.skeleton.pairs, int).reshape(-1, 2)
    left, right = pairs.T
    both = sheet.labelled[:, left] & sheet.labelled[:, right]
    points = np.where(np.isfinite(sheet.keypoints), sheet.keypoints, 0.0)
    distance = points[:, left, 0] - points[:, right, 0]
    with np.errstate(invalid="ignore"):
        clear = both & (abs(distance) > CLEAR * sheet.sides[:, None])
    return np.sign(distance) * clear


def _odd_pairs(order):
    """Return which pairs (N, P) disagree with their usual partners."""
    known = (order != 0).astype(float)
    together = known.T @ known  # (P, P): instances in which both orders are clear
    agreement = order.T @ order
    usual = np.zeros(agreement.shape)
    often = together >= MIN_INSTANCES
    usual[often] = agreement[often] / together[often] >= 2 * ALMOST_ALL - 1
    np.fill_diagonal(usual, 0)
    votes = order @ usual  # the sum of the partners' orders
    partners = known @ usual
    return (votes * order == -partners) & (partners >= MIN_PARTNERS) & (order != 0)


def _all_exchanged(order):
    """Return which instances (N,) have all pairs in the order that almost none has."""
    count = (order != 0).sum(axis=0)
    mean = order.sum(axis=0) / np.maximum(count, 1)
    one_way = (abs(mean) >= 2 * ALMOST_ALL - 1) & (count >= MIN_INSTANCES)
    against = (order * np.sign(mean))[:, one_way]
    known = (against != 0).sum(axis=1)
    return (against.sum(axis=1) == -known) & (known > MIN_PARTNERS)


def _at(sheet, rows):
    """Return the sheet of some rows, for arrays only."""
    arrays = {name: value[rows] for name, value in vars(sheet).items()
              if isinstance(value, np.ndarray)}  # fmt: skip
    return replace(sheet, **arrays)


ANNOTATION_CHECKS = (
    ("normalised", "coordinates from 0 to 1, where pixels are expected",
     "All keypoints lie in the first pixel: AP and AR are near 0.", normalised),
    ("exchanged", "keypoints that lie in their boxes if x and y are exchanged",
     "They are in other places: AP and AR are near 0.", exchanged),
    ("corners", "boxes that are x0, y0, x1, y1, where x, y, width, height is expected",
     "None for OKS of labelled keypoints; the crops of top-down methods are too large.", corners),
    ("one_based", "whole coordinates up to the image's side and never 0: counted from 1?",
     "If so, every keypoint is a pixel off: OKS falls, most of small instances.", one_based),
    ("left_right", "left and right exchanged, judged by the other instances",
     "Correct keypoints count as wrong, here and in every network that learns from them.",
     left_right),
)  # fmt: skip

RESULT_CHECKS = (
    ("normalised", "coordinates from 0 to 1, where pixels are expected",
     "All keypoints lie in the first pixel: AP and AR are near 0.", normalised),
    ("one_score", "one score for all results",
     "Their order is arbitrary: AP is that of a random order.", one_score),
)  # fmt: skip
