"""Which network the options of ``npkpose predict`` mean, and whether it uses the other options."""

import pathlib

from npkpose.cli.weights import (
    DEFAULT,
    check_exported,
    check_flip,
    check_options,
    choose_published,
    is_exported,
)

EXPORTED = ".onnx", ".tflite"


def choose_network(options):
    """Return a function that loads the network, and whether it is a published one.

    ``options.model`` becomes its name in messages. Raises ValueError for an option that it or the
    other options do not use.
    """
    if options.weights is None or is_exported(options.model):
        return choose_published(options)
    if pathlib.Path(options.weights).suffix.lower() in EXPORTED:
        return _choose_exported(options)
    trained = _load_trained(options)
    if trained is not None:
        return _choose_trained(options, trained)
    options.model = options.model or DEFAULT
    return choose_published(options)


def _load_trained(options):
    """Return the network of weights that say which it is, unless --model names one; or None."""
    from npkpose.models.described import load_described

    if options.model is not None or pathlib.Path(options.weights).suffix.lower() != ".npz":
        return None
    return load_described(options.weights)


def _choose_trained(options, network):
    """Return what `choose_network` does for a network that `npkpose train topdown` trained."""
    skeleton = network.skeleton
    options.model = f"a network of {skeleton.name}"
    check_options(options, is_top_down=True)
    check_flip(options, skeleton)
    return lambda: network, False


def _choose_exported(options):
    """Return what `choose_network` does for a file that holds layers and weights."""
    from npkpose.models import from_onnx

    if options.model is not None:
        raise ValueError("--model: expected none, since the file of --weights says what it is")
    network = from_onnx(options.weights)
    if network.finds == "boxes":
        raise ValueError(
            f"--weights: expected a network of keypoints, got {network.family}, a detector: give "
            "it as --detector"
        )
    options.model = f"{options.weights} ({network.family})"
    sees_crops = network.finds == "keypoints"
    check_options(options, sees_crops)
    check_exported(options, sees_crops)
    check_flip(options, network.skeleton)
    return lambda: network, False
