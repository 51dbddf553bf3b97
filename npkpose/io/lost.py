"""What of labels a format does not hold, in words: for the one warning of `write`."""

import numpy as np

# What a column is called, in the order in which a warning names it.
COLUMNS = {
    "visibility": "the visibility of hidden keypoints",
    "scores": "scores of keypoints",
    "instance_scores": "scores of instances",
    "boxes": "boxes",
    "areas": "areas",
    "ignored": "ignored",
    "categories": "categories",
    "sizes": "sizes of images",
    "image_ids": "ids of images",
    "empty": "images without instances",
}


def what_is_lost(labels, *held, fields=()):
    """Return the names of what the labels have and a format does not hold, a list.

    Parameters
    ----------
    labels : Labels
    held : str
        Keys of `COLUMNS`, or "fields" and "image_fields", that the format holds.
    fields : sequence of str
        Names of fields that it holds.
    """
    used = {
        "visibility": (labels.visibility == 1).any(),
        "scores": (labels.scores[labels.present] != 1).any(),
        "instance_scores": np.isfinite(labels.instance_scores).any(),
        "boxes": np.isfinite(labels.boxes).any(),
        "areas": np.isfinite(labels.areas).any(),
        "ignored": labels.ignored.any(),
        "categories": labels.category != "person",
        "sizes": any(image.width or image.height for image in labels.images),
        "image_ids": [image.id for image in labels.images] != list(range(len(labels.images))),
        "empty": len(set(labels.image_index.tolist())) < len(labels.images),
    }
    found = [COLUMNS[name] for name, is_used in used.items() if is_used and name not in held]
    more = [] if "fields" in held else [name for name in labels.fields if name not in fields]
    images = [] if "image_fields" in held else list(labels.image_fields)
    return [*found, *(f"the field {name}" for name in [*more, *images])]


def require_keypoints(labels, skeleton):
    """Raise ValueError unless the labels have the number of keypoints of the skeleton."""
    count = skeleton.num_keypoints
    if labels.skeleton.num_keypoints != count:
        raise ValueError(
            f"labels: expected the {count} keypoints of {skeleton.name} (see to_skeleton), got "
            f"{labels.skeleton.name} with {labels.skeleton.num_keypoints}"
        )
