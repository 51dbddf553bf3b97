"""The command that trains: ``npkpose train``."""

import pathlib
import sys

NETWORKS = "topdown", "paf", "tags"  # `training.recipes.RECIPES`, which takes a second to import


def add_commands(commands):
    """Add it to argparse's subparsers."""
    train = commands.add_parser("train", help="train a small network; continues where it stopped")
    train.add_argument("network", choices=NETWORKS)
    train.add_argument("--out", metavar="FOLDER", help="of the run; default npkpose-NETWORK")
    train.add_argument("--steps", type=int, help="in all; default the recipe's")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--start", metavar="WEIGHTS.npz", help="begin with what fits of these")
    train.add_argument("--workers", type=int, default=1, help="threads that prepare batches")
    train.add_argument("--save-every", type=int, default=200, metavar="STEPS")
    train.add_argument("--evaluate-every", type=int, default=1000, metavar="STEPS", help="0: never")
    train.add_argument("--held-out", type=int, default=1000, metavar="SCENES", help="0: no score")
    train.add_argument("--annotations", metavar="COCO.json", help="instead of synthetic people")
    train.add_argument("--images", metavar="FOLDER", help="the pictures of --annotations")
    train.add_argument("--export", metavar="WEIGHTS.npz", help="write small weights and a record")
    train.set_defaults(run=_train)


def _train(options):
    """Train until done or Ctrl-C; then print the score on held-out scenes."""
    from npkpose.training import recipes

    if options.export and not options.held_out:
        raise ValueError("--export: expected --held-out above 0, for its record, got 0")
    data = _photographs(options)
    out = options.out or f"npkpose-{options.network}"
    trainer = recipes.make_trainer(
        options.network, out, options.steps, options.seed, data, watch=data
    )
    steps = options.steps or recipes.RECIPES[options.network].steps
    if options.start and not trainer.step:
        recipes.start_from(trainer, options.start)
    if trainer.step:
        print(f"continuing at step {trainer.step} of {steps}")
    every = {"save_every": options.save_every, "evaluate_every": options.evaluate_every}
    try:
        done = trainer.run(steps, **every, log_every=50, workers=options.workers)
    except FloatingPointError as error:
        print(f"npkpose train: {error}", file=sys.stderr)
        return 1
    if not done:
        print(f"stopped at step {trainer.step}; the same command continues")
        return 130  # as after any Ctrl-C
    _finish(trainer, options, recipes)
    return 0


def _finish(trainer, options, recipes):
    """Draw the curves, print the score and export the weights."""
    try:
        trainer.plot()
    except ImportError as error:
        print(f"npkpose train: no curves: {error}", file=sys.stderr)
    print(f"{trainer.folder}: weights.npz, log.csv, {trainer.seconds / 60:.1f} minutes")
    if options.held_out:
        result = recipes.held_out_score(trainer, options.held_out)
        print(result)
        if options.export:
            recipes.export_weights(trainer, options.export, _command(options), result)


def _command(options):
    steps = f" --steps {options.steps}" if options.steps else ""
    parts = pathlib.Path(options.start or "").parts[-2:]  # the folder says which weights.npz
    start = f" --start {'/'.join(parts)}" if parts else ""
    return f"npkpose train {options.network}{steps} --seed {options.seed}{start}"


def _photographs(options):
    """The data set of --annotations, or None."""
    if (options.annotations is None) != (options.images is None):
        raise ValueError("--annotations, --images: expected both or neither, got one")
    if options.annotations is None:
        return None
    from npkpose.data.coco_dataset import CocoDataset

    return CocoDataset(options.annotations, options.images)
