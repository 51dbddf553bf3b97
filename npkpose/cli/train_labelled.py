"""``npkpose train`` on annotated images: its options, its data sets and its scores."""

from npkpose.cli.terminal import print_note
from npkpose.cli.unused import refuse_unused

SPLIT_SEED = 20  # of --val-fraction: the same images whatever --seed is
NEED_ANNOTATIONS = (
    "images", "skeleton", "category", "format", "val_fraction", "val_annotations", "val_images",
    "input_size",
)  # fmt: skip


def add_label_options(add):
    """Add the options to a parser; ``add`` is its method add_argument."""
    add("--annotations", metavar="FILE",
        help="train on the labels of this file, of any format that npkpose reads, instead of "
        "synthetic people")  # fmt: skip
    add("--images", metavar="FOLDER",
        help="folder of the images of --annotations, found by path or by base name")  # fmt: skip
    add("--skeleton", metavar="NAME", help="skeleton of the labels; default: as the file says")
    add("--category", metavar="NAME", help="category to learn, by name or id, if there are several")
    add("--format", metavar="NAME", help="format of --annotations; default: found out")
    add("--val-fraction", type=float, metavar="SHARE",
        help="keep this share of the images, chosen at random, for validation")  # fmt: skip
    add("--val-annotations", metavar="FILE", help="validate on the labels of this file")
    add("--val-images", metavar="FOLDER",
        help="folder of the images of --val-annotations; default --images")  # fmt: skip
    add("--input-size", metavar="HxW",
        help="of crops, multiples of 16; default: 96x64, 80x80 or 64x96, by the boxes")  # fmt: skip


def check_label_options(options):
    """Raise ValueError for options that need one another, or exclude one another."""
    if (options.annotations is None) != (options.images is None):
        raise ValueError("--annotations, --images: expected both or neither, got one")
    for name in NEED_ANNOTATIONS:
        if options.annotations is None and getattr(options, name) is not None:
            raise ValueError(f"--{_dashed(name)}: expected --annotations beside it, got none")
    for name in NEED_ANNOTATIONS[1:]:
        if options.network != "topdown" and getattr(options, name) is not None:
            raise ValueError(f"--{_dashed(name)}: expected none with {options.network}")
    if options.annotations is not None and options.network == "topdown" and options.held_out:
        reason = "--annotations are scored on their images: 0 is no score"
        refuse_unused(options, ["held_out"], reason)
    if options.val_fraction is not None and options.val_annotations is not None:
        raise ValueError("--val-fraction, --val-annotations: expected one of them, got both")
    if options.val_images is not None and options.val_annotations is None:
        raise ValueError("--val-images: expected --val-annotations beside it, got none")


def make_trainer(options, out):
    """Return the `Trainer` of a command; its data are annotated images or synthetic people."""
    from npkpose.training import recipes

    if options.annotations is None or options.network != "topdown":
        data = _read_people(options)
        return recipes.make_trainer(
            options.network, out, options.steps, options.seed, data, watch=data
        )
    from npkpose.training.labelled_recipe import make_labelled_trainer

    data, watch = _read_data_sets(options)
    size = _read_size(options.input_size)
    trainer = make_labelled_trainer(data, watch, out, options.steps, options.seed, size)
    _print_data(trainer, data, watch)
    trainer.task.report = lambda scores: print(f"step {trainer.step}: {scores}", flush=True)
    return trainer


def print_scores(trainer):
    """Print the scores of the averaged weights, with the flip test, and return them."""
    trainer.task.report = None
    scores = trainer.task.crop_scores(trainer.average.network(), flip=True)
    print(f"{_validation(trainer.task.dataset, trainer.task.held_out)}: {scores}")
    return scores


def _read_data_sets(options):
    """Return the data sets to train on and to evaluate on."""
    import numpy as np

    skeleton = find_skeleton(options.skeleton)
    data = _read(options, "annotations", "images", skeleton)
    if options.val_fraction is not None:
        try:
            return data.split(options.val_fraction, np.random.default_rng(SPLIT_SEED))
        except ValueError as error:
            raise ValueError(f"--val-{error}") from None
    if options.val_annotations is None:
        return data, data
    images = "images" if options.val_images is None else "val_images"
    return data, _read(options, "val_annotations", images, data.skeleton)


def _read(options, labels, images, skeleton):
    """Return the `LabelledImages` of two options; say which images are missing."""
    from npkpose.data.labelled_images import LabelledImages, named
    from npkpose.io import read

    path = getattr(options, labels)
    folder, category = getattr(options, images), as_category(options.category)
    found = read(path, options.format or "auto", skeleton, category, folder)
    try:
        data = LabelledImages(found, folder, path)
    except FileNotFoundError as error:
        raise FileNotFoundError(str(error).replace("images", f"--{_dashed(images)}", 1)) from None
    if data.missing:
        count = _count(len(data.missing), "image")
        print_note("train", f"{path}: {count} not in {data.folder}, left out{named(data.missing)}")
    return data


def find_skeleton(name):
    """Return the skeleton of --skeleton, or None without one."""
    from npkpose import skeletons

    try:
        return None if name is None else skeletons.find(name)
    except ValueError as error:
        raise ValueError(f"--skeleton: {str(error).removeprefix('name: ')}") from None


def as_category(text):
    """Return a category's id as an integer, its name as text, or None."""
    return int(text) if text is not None and text.isascii() and text.isdecimal() else text


def _read_people(options):
    """Return the `CocoDataset` of --annotations and --images, or None."""
    if options.annotations is None:
        return None
    from npkpose.data.coco_dataset import CocoDataset

    return CocoDataset(options.annotations, options.images)


def _read_size(text):
    """Return (H, W) of a text such as 96x64, or None."""
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdecimal() for side in sides):
        raise ValueError(f"--input-size: expected HxW, such as 96x64, got {text!r:.40}")
    return tuple(map(int, sides))


def _print_data(trainer, data, watch):
    """Print what is learned from, and what is evaluated on."""
    skeleton, size = data.skeleton, "x".join(map(str, trainer.model.input_size))
    print(
        f"{_count(data.num_instances, 'instance')} of {skeleton.name} ({skeleton.num_keypoints} "
        f"keypoints) in {_count(len(data), 'image')}, crops of {size}; "
        f"{_validation(data, watch)}: {_count(watch.num_instances, 'instance')}"
    )
    if not skeleton.pairs:
        print(f"{skeleton.name} has no pairs of left and right: crops are not flipped")


def _validation(data, watch):
    same = "evaluated on the same images"
    return same if watch is data else f"validation, {_count(len(watch), 'image')}"


def _count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _dashed(name):
    return name.replace("_", "-")
