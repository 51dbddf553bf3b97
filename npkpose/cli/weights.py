"""Published networks for commands: by name, from the cache, or by a question."""

import os
import sys

from npkpose.cli.terminal import print_note

DEFAULT = "openpose-mobilenetv2"  # the smallest: 2 MB


def choose_published(options):
    """Return a function that loads the network of --model, and whether results are COCO's.

    Without --model it is the best network of whole photos in the cache. ``options.model`` becomes
    its name. Raises ValueError for an option that the network does not use.
    """
    from npkpose.models.published import finds, load_published
    from npkpose.weights.published import find_entry

    options.model = options.model or _default(options.offline)
    entry = find_entry(options.model)
    kind = finds(entry)
    if kind not in ("keypoints", "people"):
        hint = ": give it as --detector" if kind == "boxes" else ""
        raise ValueError(
            f"--model: expected a network of keypoints, got {entry.name}, which finds {kind}{hint}"
        )
    check_options(options, kind == "keypoints")
    if is_exported(entry.name):
        check_exported(options, kind == "keypoints")

    def load():
        network = load_published(entry.name, options.weights, offline=options.offline)
        check_flip(options, network.skeleton)
        return network

    return load, not is_exported(entry.name)


def is_exported(name):
    """Return whether a name is that of a published file with layers and weights."""
    from npkpose.weights.published import entries

    return name in entries() and entries()[name].network == "onnx"


def find_file(value, offline):
    """Return the path of a published detector's file, or the value itself if it is no name.

    A file of that name comes first.
    """
    from npkpose.models.published import finds
    from npkpose.weights.published import entries, fetch

    if os.path.exists(value) or value not in entries():
        return value
    if finds(entries()[value]) != "boxes":
        raise ValueError(f"--detector: expected a network of boxes, got {value}")
    return fetch(value, offline=offline)


def check_options(options, is_top_down):
    """Raise ValueError for an option that the network or the other options do not use."""
    if is_top_down and options.height is not None:
        raise ValueError(f"--height: expected none, since {options.model} sees crops of one size")
    for name in ("boxes", "detector") if not is_top_down else ():
        if getattr(options, name) is not None:
            raise ValueError(f"--{name}: expected none, since {options.model} sees whole photos")
    if options.category is not None and options.boxes is None:
        raise ValueError("--category: expected --boxes beside it, got none")


def check_exported(options, is_top_down):
    """Raise ValueError for an option that a network with layers in its file does not use."""
    if options.flip and not is_top_down:
        raise ValueError(f"--flip: expected none, since {options.model} sees whole photos")
    if options.height is not None:
        raise ValueError(f"--height: expected none, since {options.model} has one size")


def check_flip(options, skeleton):
    """Raise ValueError for a flip test of a skeleton whose mirror image is another thing."""
    if options.flip and not skeleton.pairs:
        raise ValueError(
            f"--flip: expected none, since {skeleton.name} has no pairs of left and right"
        )


def _default(offline):
    """Return the name of the network to use where none is given, or raise ValueError."""
    name = _best_in_cache()
    if name is None:
        return _offer(offline)
    print_note("predict", f"{name}, the best network of whole photos in the cache")
    return name


def _best_in_cache():
    """Return the name of the network of whole photos in the cache with the highest AP, or None."""
    from npkpose.models.published import finds
    from npkpose.weights.published.cache import cached

    found = [entry for entry in cached() if finds(entry) == "people"]
    best = max(found, key=lambda entry: entry.score[1] if entry.score else 0.0, default=None)
    return None if best is None else best.name


def _offer(offline):
    """Return the name of the smallest network if the user wants it fetched, or raise ValueError."""
    from npkpose.weights.published import cache_folder, entries

    entry = entries()[DEFAULT]
    if sys.stdin is not None and sys.stdin.isatty() and not offline:
        print(
            f"No network is given (--model, --weights), and none is in {cache_folder()}.\n"
            f"Fetch {DEFAULT}, {entry.megabytes}, {entry.licence}? [y/N] ",
            end="", file=sys.stderr, flush=True,
        )  # fmt: skip
        if input().strip().lower() in ("y", "yes"):
            return DEFAULT
    fetch = f"; --model {DEFAULT} fetches the smallest, {entry.megabytes}"
    raise ValueError(
        "--model: expected a name that `npkpose models` lists, or --weights FILE, got neither, and "
        f"{cache_folder()} has no network of whole photos{'' if offline else fetch}"
    )
