"""The command line: ``npkpose demo``, ``predict``, ``eval``, ``doctor`` and ``warmup``."""

import argparse
import json
import pathlib
import sys

from npkpose import __version__, cli_metrics


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

    demo = commands.add_parser("demo", help="learn, decode and group keypoints in under a minute")
    demo.add_argument("--out", default="npkpose-demo", help="folder for the pictures")
    demo.add_argument("--seed", type=int, default=0)
    demo.set_defaults(run=_demo)

    predict = commands.add_parser("predict", help="find the people in photographs")
    predict.add_argument("photos", nargs="+", metavar="PHOTO")
    predict.add_argument("--weights", required=True, help="a network's file: .pb or .npz")
    predict.add_argument("--out", default="npkpose-predict", help="folder for JSON and pictures")
    predict.add_argument(
        "--height",
        type=int,
        default=432,
        help="of the network's input; larger finds smaller people",
    )
    predict.set_defaults(run=_predict)

    cli_metrics.add_commands(commands)

    warmup = commands.add_parser("warmup", help="compile every kernel and keep the result")
    warmup.set_defaults(run=_warmup)
    return parser


def _demo(options):
    from npkpose.demo import demo  # reads Matplotlib, which other commands do without

    demo(pathlib.Path(options.out), options.seed)
    return 0


def _predict(options):
    """Find people in every photo; write NAME.json and NAME.png into the output folder."""
    from npkpose.draw import draw_poses
    from npkpose.image import read_image, write_image
    from npkpose.models import OpenPoseMobileNetV2
    from npkpose.pipeline.bottomup import BottomUp

    find = BottomUp(OpenPoseMobileNetV2.from_file(options.weights), options.height)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    for name, photo in _distinct_names(options.photos):
        image = read_image(photo)
        poses = find(image)
        skeleton = find.model.skeleton
        (out / f"{name}.json").write_text(json.dumps(poses.to_dict(skeleton), indent=1) + "\n")
        write_image(out / f"{name}.png", draw_poses(image, poses, skeleton))
        people = "1 person" if len(poses) == 1 else f"{len(poses)} people"
        print(f"{photo}: {people}, {out / name}.json, {out / name}.png")
    return 0


def _warmup(options):
    """Compile everything, and say how long each took."""
    from npkpose.warmup import warmup

    seconds = warmup(lambda name, seconds: print(f"{seconds:7.2f} s  {name}", flush=True))
    print(f"{sum(seconds.values()):7.2f} s  in all")
    return 0


def _distinct_names(photos):
    """Yield (name, photo): the file's stem, numbered where two photos share it."""
    seen = {}
    for photo in photos:
        stem = pathlib.Path(photo).stem
        seen[stem] = seen.get(stem, 0) + 1
        yield (stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"), photo
