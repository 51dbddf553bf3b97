"""All public functions and classes of the package, found by their modules' ``__all__``."""

import enum
import functools
import importlib
import inspect

PACKAGES = (
    "npkpose", "npkpose.codec", "npkpose.data", "npkpose.doctor", "npkpose.explain", "npkpose.io",
    "npkpose.metrics", "npkpose.metrics.coco", "npkpose.models", "npkpose.nn", "npkpose.onnx",
    "npkpose.pipeline", "npkpose.skeletons", "npkpose.sources", "npkpose.space", "npkpose.tflite",
    "npkpose.tracking", "npkpose.training", "npkpose.training.losses", "npkpose.weights",
)  # fmt: skip
MODULES = (  # without __all__: every public name that they define
    "npkpose.image.draw", "npkpose.image.draw_maps", "npkpose.image.draw_trails",
    "npkpose.image.files", "npkpose.image.palettes", "npkpose.image.resample",
    "npkpose.image.resize", "npkpose.image.warp", "npkpose.space.files",
    "npkpose.space.people_files", "npkpose.space.rotations", "npkpose.space.smpl_file",
)  # fmt: skip
# Their methods too.
CLASSES = (
    "Camera", "CocoResult", "Grid", "Labels", "Poses", "PoseSmoother", "SMPL", "Similarity",
    "Skeleton", "Tracker",
)  # fmt: skip


@functools.cache
def public_functions():
    """Return {name: callable}: functions, classes, and methods as "Class.method"."""
    found = {}
    for name in PACKAGES:
        module = importlib.import_module(name)
        found |= {each: getattr(module, each) for each in module.__all__}
    for name in MODULES:
        for each, value in vars(importlib.import_module(name)).items():
            if not each.startswith("_") and getattr(value, "__module__", None) == name:
                found[each] = value
    for name in CLASSES:
        found |= _methods(name, found[name])
    return {name: value for name, value in sorted(found.items()) if _is_function(value)}


def _methods(name, owner):
    members = {each: getattr(owner, each) for each in vars(owner) if not each.startswith("_")}
    return {f"{name}.{each}": value for each, value in members.items() if inspect.isroutine(value)}


def _is_function(value):
    is_enum = inspect.isclass(value) and issubclass(value, enum.Enum)
    return callable(value) and not is_enum and not inspect.ismodule(value)


def twin_of(function):
    """Return the function of the same name and module in `npkpose.reference`, or None."""
    name = getattr(function, "__module__", "").replace("npkpose", "npkpose.reference", 1)
    try:
        return getattr(importlib.import_module(name), function.__name__, None)
    except ImportError:
        return None
