"""The command ``npkpose train``: one small network, or all four."""

import argparse
import pathlib
import sys

from npkpose._check import check_integer
from npkpose.cli.report import tell
from npkpose.cli.train_labelled import (
    add_label_options,
    check_label_options,
    make_trainer,
    print_scores,
)

ALL = "all"  # runs `training.recipes.RUNS`
# `training.recipes.RECIPES`, which takes a second to import
NETWORKS = "topdown", "paf", "tags", "detector"


def add_command(commands):
    """Add the command to argparse's subparsers."""
    train = commands.add_parser(
        "train", help="train a small network; the same command continues a stopped run",
        description="Train a small network on synthetic people or on annotated images; topdown "
        "takes any skeleton. Ctrl-C stops with a checkpoint; the same command continues. all: "
        "train the four networks of the package, one after the other, each in a folder of its "
        "own inside --out.",
    )  # fmt: skip
    add = train.add_argument
    add("network", choices=(*NETWORKS, ALL), help="which network, or all")
    add("--out", metavar="FOLDER", help="folder of the run; default npkpose-NETWORK")
    add("--steps", type=int, help="steps in all; default: the recipe's")
    add("--seed", type=int, default=0, help="of the first weights and of the order of scenes")
    add("--start", metavar="WEIGHTS.npz", help="start from the arrays of this file that fit")
    add("--workers", type=int, default=1, help="threads that prepare batches; default 1")
    add("--save-every", type=int, default=200, metavar="STEPS",
        help="steps between checkpoints; default 200")  # fmt: skip
    add("--evaluate-every", type=int, default=1000, metavar="STEPS",
        help="steps between evaluations; 0: none; default 1000")  # fmt: skip
    add("--held-out", type=int, default=1000, metavar="SCENES",
        help="scenes for the final score; 0: no score; default 1000")  # fmt: skip
    add_label_options(add)
    add("--export", metavar="WEIGHTS.npz", help="write small weights, and a record beside them")
    train.set_defaults(run=_train, default_of=train.get_default)


def _train(options):
    """Train one network, or all; return the exit status."""
    if options.network != ALL:
        return _train_one(options)
    from npkpose.training.recipes import RUNS

    for name in ("start", "export"):
        if getattr(options, name) is not None:
            raise ValueError(f"--{name}: expected none with {ALL}, which sets it for each run")
    for run in RUNS:
        run_options = _options_of(run, options)
        print(f"{run_options.out}: npkpose train {run.recipe}")
        status = _train_one(run_options)
        if status:
            return status
    return 0


def _options_of(run, options):
    """Return the options of one run of `npkpose train all`."""
    folder = pathlib.Path(options.out or f"npkpose-{ALL}")
    own = {
        "network": run.recipe,
        "out": folder / run.folder,
        "steps": run.steps if options.steps is None else options.steps,
        "start": run.start and folder / run.start,
        "export": run.export and folder / run.export,
        "held_out": options.held_out if run.export else 0,
    }
    return argparse.Namespace(**vars(options) | own)


def _train_one(options):
    """Train until the last step or Ctrl-C; then print the score on held-out scenes."""
    from npkpose.training import recipes

    out = options.out or f"npkpose-{options.network}"
    check_integer("held_out", options.held_out)
    check_label_options(options)
    _check_export(options, out)
    trainer = make_trainer(options, out)
    if options.start is not None:
        recipes.start_from(trainer, options.start)
    steps = trainer.settings["steps"]
    if trainer.step:
        print(f"continuing at step {trainer.step} of {steps}")
    status = _run(trainer, steps, options)
    if status == 0:
        _finish(trainer, options)
    return status


def _check_export(options, out):
    """Raise ValueError, before anything is trained, if --export cannot be written."""
    from npkpose.training.export import check_export

    if options.export is None:
        return
    if not options.held_out:
        raise ValueError("--export: expected --held-out above 0, for its record, got 0")
    try:
        check_export(options.export, out, options.start)
    except ValueError as error:
        raise ValueError(f"--export: {str(error).removeprefix('path: ')}") from None


def _run(trainer, steps, options):
    """Run up to the last step; return 0 if it was reached, and say why if not."""
    try:
        done = trainer.run(
            steps,
            save_every=options.save_every,
            evaluate_every=options.evaluate_every,
            log_every=50,
            workers=options.workers,
        )
    except FloatingPointError as error:
        print(f"npkpose train: {error}", file=sys.stderr)
        return 1
    if not done:
        print(f"stopped at step {trainer.step}; the same command continues")
        return 130  # the status of a shell command after Ctrl-C
    return 0


def _finish(trainer, options):
    """Draw the curves, print the score and export the weights."""
    from npkpose.training.export import export_weights
    from npkpose.training.recipes import held_out_score

    try:
        trainer.plot()
    except ImportError as error:
        print(f"npkpose train: no curves: {error}", file=sys.stderr)
    print(f"{trainer.folder}: weights.npz, log.csv, {trainer.seconds / 60:.1f} minutes")
    run = {"folder": str(trainer.folder), "step": trainer.step, "seconds": trainer.seconds}
    if options.held_out:
        labelled = options.annotations is not None
        result = print_scores(trainer) if labelled else held_out_score(trainer, options.held_out)
        if not labelled:
            print(result)
        run["scores"] = getattr(result, "stats", result)
        if options.export:
            export_weights(trainer, options.export, _command(options), result)
    tell(options, runs=[run])


def _command(options):
    """Return the command of this run for its record; of a path, the last folder and the name."""
    steps = "" if options.steps is None else f" --steps {options.steps}"
    parts = pathlib.Path(options.start or "").parts[-2:]
    start = f" --start {'/'.join(parts)}" if parts else ""
    return f"npkpose train {options.network}{steps} --seed {options.seed}{start}"
