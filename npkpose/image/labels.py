"""What is written on people: names of keypoints, ids and scores.

A name is written beside its keypoint, away from the person's middle. Where it would lie on another
name of the same person, it moves up or down by one line or two, if there it does not.
"""

import numpy as np

from npkpose.image.text import MIN_SIZE, readable_on, text_masks, write_text

MIN_TEXT, TEXT_WIDTHS = 11, 2.5  # size of text: pixels, and widths of a limb
TEXTS_PER_IMAGE = 90  # an image's longer side, in sizes of the smallest text
NAME_SIZE = 0.8  # of a keypoint's name, in sizes of the text above a person
MOVES = 0, 1, -1, 2, -2  # lines by which a name may move


def write_labels(canvas, poses, skeleton, looks, style):
    """Write what the `DrawStyle` asks for on the canvas (H, W, C), in place.

    ``looks`` are the width (P,) of each person's limbs and the colour (P, 3). People outside the
    canvas have no text, and a canvas too low for six lines has none.
    """
    least = max(MIN_TEXT, max(canvas.shape) / TEXTS_PER_IMAGE)
    for p, (width, colour) in enumerate(zip(*looks)):
        size = min(max(TEXT_WIDTHS * width, least), len(canvas) / 6)
        points = poses.keypoints[p]
        inside = ((points >= 0) & (points < canvas.shape[1::-1])).all(axis=1)
        if size < MIN_SIZE or not inside.any():
            continue
        if style.labels != "none":
            names = _names(skeleton, style)
            _write_names(canvas, points, names, np.flatnonzero(inside), (width, size))
        text = _tag(poses, p, style)
        if text:
            place = _tag_place(poses, p, text_masks(text, size)[0].shape, width, style)
            write_text(canvas, place, text, size, readable_on(colour), colour)


def _names(skeleton, style):
    """Return what is written beside each keypoint."""
    if style.labels == "numbers":
        return [str(k) for k in range(skeleton.num_keypoints)]
    return [name.replace("_", " ") for name in skeleton.keypoints]


def _write_names(canvas, points, names, which, sizes):
    """Write the names of the keypoints ``which``, from top to bottom.

    ``sizes`` are the width of limbs and the size of text.
    """
    width, size = sizes
    middle, taken = np.nanmean(points[:, 0]), np.empty((0, 4))
    for k in which[np.argsort(points[which, 1], kind="stable")]:
        high, wide = text_masks(names[k], NAME_SIZE * size)[0].shape
        x, y = points[k]
        x = x - width - wide if x < middle else x + width
        box = _free_box(np.array([x, y - high / 2, x + wide, y + high / 2]), taken)
        taken = np.concatenate([taken, box[None]])
        write_text(canvas, box[:2], names[k], NAME_SIZE * size)


def _free_box(box, taken):
    """Return the box (x0, y0, x1, y1), moved so that it overlaps none of ``taken`` if it can."""
    for lines in MOVES:
        moved = box + lines * (box[3] - box[1]) * np.array([0, 1, 0, 1])
        if not ((moved[:2] < taken[:, 2:]) & (taken[:, :2] < moved[2:])).all(axis=1).any():
            return moved
    return box


def _tag(poses, p, style):
    """Return the text of a person's id and score, or "" if there is none."""
    score = poses.person_scores[p]
    score = f"{score:.2f}" if abs(score) < 1000 else f"{score:.0e}"
    return "  ".join([f"#{poses.ids[p]}"] * style.ids + [score] * style.scores)


def _tag_place(poses, p, shape, width, style):
    """Return where a text of (height, width) pixels goes: on the box, or above the person."""
    high, wide = shape
    if style.boxes:
        return poses.boxes[p, :2] - 2 * width - [0, high]
    highest = np.nanargmin(poses.keypoints[p, :, 1])
    return poses.keypoints[p, highest] - [wide / 2, high + 2 * width]
