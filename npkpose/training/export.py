"""A finished run's weights in a small file, and a record of the run beside it.

The weights are an .npz file; the record is a JSON file with the same name. An export may replace an
older export, and no other file.
"""

import datetime
import json
import math
import pathlib

import numpy as np

from npkpose.data.people import SyntheticPeople
from npkpose.training.folder import WEIGHTS
from npkpose.training.recipes import HELD_OUT_SEED, TRAIN_SEED
from npkpose.weights import load_npz, save_npz

RECORD = "command", "network", "scores"  # entries that tell a record from other JSON


def check_export(path, folder, start=None):
    """Raise ValueError unless an export may write ``path``.

    Parameters
    ----------
    path : path_like
    folder : path_like
        Of the run; its files are not replaced.
    start : path_like, optional
        The weights that the run starts from; they are not replaced either.
    """
    path = pathlib.Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"path: expected a file ending in .npz, got {path}")
    if not path.resolve().parent.is_dir():
        raise ValueError(f"path: expected a folder that exists, got {path.parent}")
    if path.resolve().parent == pathlib.Path(folder).resolve():
        raise ValueError(f"path: expected a file outside the run's folder {folder}, got {path}")
    if start is not None and path.resolve() == pathlib.Path(start).resolve():
        raise ValueError(f"path: expected another file than the weights to start from, got {path}")
    taken = [each for each in (path, path.with_suffix(".json")) if each.exists()]
    if taken and not _is_record(path.with_suffix(".json")):
        raise ValueError(f"path: expected a new file or an older export, got {taken[0]}")


def export_weights(trainer, path, command, result):
    """Write a finished run's weights, and beside them a record with ``command`` and scores.

    Convolutions become float16, which does not change the score. ``result`` is the `CocoResult`,
    `BoxScores` or `CropScores` on held-out scenes. Call `check_export` before the run.
    """
    path = pathlib.Path(path)
    weights = load_npz(trainer.folder / WEIGHTS)
    small = {n: a.astype(np.float16) if a.ndim == 4 else np.array(a) for n, a in weights.items()}
    save_npz(path, small)
    record = _record(trainer, command, result)
    path.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _record(trainer, command, result):
    scores = getattr(result, "stats", result)._asdict()
    record = {
        "command": command,
        "date": datetime.date.today().isoformat(),
        "network": type(trainer.model).__name__,
        "skeleton": trainer.model.skeleton.name,
        "steps": trainer.step,
        "minutes": round(trainer.seconds / 60, 1),
        "data": trainer.settings["dataset"],
    }
    if f"{SyntheticPeople.__name__}(" in record["data"]:
        record |= {"train_seed": TRAIN_SEED, "held_out_seed": HELD_OUT_SEED}
    record["held_out_scenes"] = len(trainer.task.held_out)
    known = {name: value for name, value in scores.items() if not math.isnan(value)}
    return record | {"scores": {name: round(value, 4) for name, value in known.items()}}


def _is_record(path):
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, OSError, RecursionError):
        return False
    return isinstance(content, dict) and all(name in content for name in RECORD)
