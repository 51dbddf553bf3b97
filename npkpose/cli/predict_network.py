"""Which network the options of ``npkpose predict`` mean, and whether it uses the other options."""

import pathlib

DEFAULT = "openpose-mobilenetv2"
EXPORTED = ".onnx", ".tflite"


def choose_network(options):
    """Return a function that loads the network, and whether it is a published one.

    ``options.model`` becomes its name in messages. Raises ValueError for an option that it or the
    other options do not use.
    """
    from npkpose.models.pretrained import PRETRAINED, load

    if pathlib.Path(options.weights).suffix.lower() in EXPORTED:
        return _choose_exported(options)
    if options.detector is not None:
        raise ValueError(f"--detector: expected none beside {options.weights}, which is no network")
    trained = _load_trained(options)
    if trained is not None:
        return _choose_trained(options, trained)
    options.model = options.model or DEFAULT
    if options.model not in PRETRAINED:
        raise ValueError(f"--model: expected one of {', '.join(PRETRAINED)}, got {options.model!r}")
    _check_options(options, PRETRAINED[options.model].finds == "one")
    return lambda: load(options.model, options.weights), True


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
    _check_options(options, is_top_down=True)
    _check_flip(options, skeleton)
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
    _check_options(options, sees_crops)
    for name in ("detector", "flip") if not sees_crops else ():
        if getattr(options, name):
            raise ValueError(f"--{name}: expected none, since {options.model} sees whole photos")
    if options.height is not None:
        raise ValueError(f"--height: expected none, since {options.model} has one size")
    _check_flip(options, network.skeleton)
    return lambda: network, False


def _check_flip(options, skeleton):
    """Raise ValueError for a flip test of a skeleton whose mirror image is another thing."""
    if options.flip and not skeleton.pairs:
        raise ValueError(
            f"--flip: expected none, since {skeleton.name} has no pairs of left and right"
        )


def _check_options(options, is_top_down):
    """Raise ValueError for an option that the network or the other options do not use."""
    if is_top_down and options.height is not None:
        raise ValueError(f"--height: expected none, since {options.model} sees crops of one size")
    if not is_top_down and options.boxes is not None:
        raise ValueError(f"--boxes: expected none, since {options.model} sees whole photos")
    if options.category is not None and options.boxes is None:
        raise ValueError("--category: expected --boxes beside it, got none")
