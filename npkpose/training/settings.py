"""The settings of a run, which its checkpoint holds: a run with other settings is refused.

Settings are plain values, in this order: those that the caller gives; the attributes `TASK` of the
task, if it has them; its data sets; the optimizer; the schedule, as its learning rates at the steps
0, 1, 2, 4, 8, ...
"""

import json
import math

import numpy as np

from npkpose.data.fingerprint import fingerprint_of

TASK = "seed", "batch_size", "size", "strength"
DATA = "dataset", "held_out"
STEPS = (0, *(2**i for i in range(21)))
RATES = "learning_rates"


def run_settings(task, optimizer, schedule, given=None):
    """Return ``{name: plain value}``; ``given`` are more of them, which come first."""
    settings = dict(given or {})
    settings |= {name: getattr(task, name) for name in TASK if hasattr(task, name)}
    datasets = {name: getattr(task, name, None) for name in DATA}
    settings |= {name: fingerprint_of(data) for name, data in datasets.items() if data is not None}
    settings["optimizer"] = _describe_optimizer(optimizer)
    settings[RATES] = [schedule.lr_at(step) for step in STEPS]
    return json.loads(json.dumps(settings, default=str))


def settings_to_array(settings):
    """Return the settings as an array of uint8, JSON text."""
    return np.frombuffer(json.dumps(settings).encode(), np.uint8)


def settings_from_array(array):
    """Return what `settings_to_array` was given; ValueError for anything else."""
    try:
        settings = json.loads(bytes(np.asarray(array, np.uint8)))
    except ValueError as error:
        raise ValueError(f"settings: expected JSON, got {error}") from None
    if not isinstance(settings, dict):
        raise ValueError(f"settings: expected a JSON object, got {settings!r}")
    return settings


def check_settings(stored, current):
    """Raise ValueError that names the first setting with another value in the checkpoint."""
    for name, value in current.items():
        if name == RATES:
            _check_rates(stored.get(name, value), value)
        elif stored.get(name, value) != value:
            raise ValueError(
                f"{name}: expected {stored[name]!r}, as in the checkpoint, got {value!r}"
            )


def _check_rates(stored, current):
    for step, expected, rate in zip(STEPS, stored, current):
        if not math.isclose(rate, expected, rel_tol=1e-9, abs_tol=1e-15):
            raise ValueError(
                f"schedule: expected a learning rate of {expected:g} at step {step}, as in the "
                f"checkpoint, got {rate:g}"
            )


def _describe_optimizer(optimizer):
    """Return the class, and the numbers that do not change during a run."""
    numbers = {
        name: value for name, value in vars(optimizer).items()
        if isinstance(value, (int, float, tuple)) and name not in ("steps", "lr", "initial_lr")
    }  # fmt: skip
    return {"class": type(optimizer).__name__} | numbers
