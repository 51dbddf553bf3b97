"""The parser of the command line, and ``main``, which runs a command and shows its errors."""

import argparse
import os
import pathlib
import sys
import time

from npkpose import __version__
from npkpose.cli import (
    convert,
    doctor,
    draw,
    explain,
    lift,
    models,
    onnx,
    predict,
    skeletons,
    track,
    train,
    triangulate,
)
from npkpose.cli import eval as evaluate
from npkpose.cli.compiling import note_compilation
from npkpose.cli.report import add_report_options, report, tell
from npkpose.cli.terminal import print_note, text_of, with_option

SIGINT, SIGPIPE = 2, 13  # a shell's status after a signal is 128 + its number
COMMANDS = (
    predict, explain, models, skeletons, evaluate, doctor, onnx, convert, track, draw, train,
    lift, triangulate,
)  # fmt: skip


def main(arguments=None):
    """Run one command; return the exit status. The user's errors are one line on stderr."""
    options = _make_parser().parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):  # not if a caller has put another object there
        sys.stdout.reconfigure(errors="backslashreplace")  # names that the terminal cannot show
    try:
        with note_compilation(options.command), report(options):
            status = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of a pipe has ended, which is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + SIGPIPE
    except KeyboardInterrupt:
        print_note(options.command, "interrupted")
        return 128 + SIGINT
    except MemoryError as error:
        print_note(options.command, f"not enough memory: {error}")
        return 1
    except (ValueError, OSError, ImportError) as error:
        given = sys.argv[1:] if arguments is None else arguments
        print_note(options.command, with_option(text_of(error), options.usage, given))
        return 1


def _make_parser():
    parser = argparse.ArgumentParser(prog="npkpose", description="Pose estimation you can read.")
    parser.add_argument("--version", action="version", version=f"npkpose {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_demo(commands)
    for module in COMMANDS:
        module.add_command(commands)
    warmup = commands.add_parser("warmup", help="compile all kernels and cache them",
        description="Compile every kernel for float32 once: other commands then start at once.",
    )  # fmt: skip
    warmup.set_defaults(run=_warmup)
    for command in commands.choices.values():
        add_report_options(command)
        command.set_defaults(usage=command.format_usage())
    return parser


def _add_demo(commands):
    demo = commands.add_parser("demo", help="learn keypoints and find people, in seconds",
        description="Train a small network to find four markers, find synthetic people with the "
        "networks of the package, and write a plot of each.")  # fmt: skip
    demo.add_argument("--out", default="npkpose-demo", metavar="FOLDER",
        help="folder of both plots; default npkpose-demo")  # fmt: skip
    demo.add_argument("--seed", type=int, default=0, help="of the training and of the scenes")
    demo.set_defaults(run=_demo)


def _demo(options):
    from npkpose.cli.demo import demo  # imports networks and training, which takes a second

    tell(options, **demo(pathlib.Path(options.out), options.seed))
    return 0


def _warmup(options):
    """Compile all kernels, and print how long each took: two processes share them."""
    from npkpose.cli.warmup import warmup

    start = time.perf_counter()
    calls = warmup(lambda name, seconds: print(f"{seconds:7.2f} s  {name}", flush=True))
    seconds = time.perf_counter() - start
    print(f"{seconds:7.2f} s  in all")
    tell(options, seconds=seconds, calls=calls)
    return 0
