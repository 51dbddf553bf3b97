"""The command line: one function per command, those of a kind in a file of their own."""

import argparse
import pathlib
import sys

from npkpose import __version__
from npkpose.cli import metrics as cli_metrics
from npkpose.cli import predict as cli_predict
from npkpose.cli import space as cli_space
from npkpose.cli import train as cli_train


def main(arguments=None):
    """Run one command; return the exit status. Errors of the user's go to stderr, in one line."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError, ImportError) as error:
        print(f"npkpose {options.command}: {error}", file=sys.stderr)
        return 1


def _parser():
    parser = argparse.ArgumentParser(prog="npkpose", description="Pose estimation you can read.")
    parser.add_argument("--version", action="version", version=f"npkpose {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="learn keypoints and find people, in seconds")
    demo.add_argument("--out", default="npkpose-demo", help="folder for the pictures")
    demo.add_argument("--seed", type=int, default=0)
    demo.set_defaults(run=_demo)

    cli_predict.add_commands(commands)
    cli_space.add_commands(commands)
    cli_metrics.add_commands(commands)
    cli_train.add_commands(commands)

    warmup = commands.add_parser("warmup", help="compile every kernel and keep the result")
    warmup.set_defaults(run=_warmup)
    return parser


def _demo(options):
    from npkpose.cli.demo import demo  # reads Matplotlib, which other commands do without

    demo(pathlib.Path(options.out), options.seed)
    return 0


def _warmup(options):
    """Compile everything, and say how long each took."""
    from npkpose.cli.warmup import warmup

    seconds = warmup(lambda name, seconds: print(f"{seconds:7.2f} s  {name}", flush=True))
    print(f"{sum(seconds.values()):7.2f} s  in all")
    return 0
