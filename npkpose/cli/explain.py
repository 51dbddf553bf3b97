"""The command ``npkpose explain``: one page that shows how people were found in one photograph."""

import pathlib

from npkpose._output import Outputs
from npkpose.cli.predict_network import choose_network
from npkpose.cli.report import tell
from npkpose.cli.terminal import one_line, print_note

OWN = "paf", "tags", "topdown"  # networks whose weights are in the package
UNUSED = {"boxes": None, "category": None, "detector": None, "flip": False}  # options of predict
SUFFIXES = ".html", ".htm"


def add_command(commands):
    """Add the command to argparse's subparsers."""
    explain = commands.add_parser(
        "explain", help="show how people are found in one photograph, step after step",
        description="Write one page of HTML for one photograph: the network's input, heatmaps, "
        "peaks and their places between the pixels, fields and the integral along one limb, "
        "candidates and what matching keeps, people. The page needs no network connection.",
    )  # fmt: skip
    add = explain.add_argument
    add("photo", metavar="PHOTO", help="image file, as for npkpose predict")
    add("--model",
        help="as for npkpose predict; or one of npkpose's own small networks, which know synthetic "
        "people only: paf (fields), tags, topdown")  # fmt: skip
    add("--weights", metavar="FILE", help="weight file, as for npkpose predict")
    add("--offline", action="store_true", help="fetch nothing: only files that are there")
    add("--box", nargs=4, type=float, metavar=("X0", "Y0", "X1", "Y1"),
        help="of the person, for a top-down network; default: the whole photo")  # fmt: skip
    add("--height", type=int, help="input height of a bottom-up network; default: its own")
    add("--out", default="npkpose-explain.html", metavar="FILE",
        help="the page; default npkpose-explain.html")  # fmt: skip
    explain.set_defaults(run=_explain, **UNUSED)


def _explain(options):
    """Write the page; return the exit status."""
    from npkpose._extras import require_figure
    from npkpose.explain import explain_page
    from npkpose.image.files import read_image

    require_figure()
    inputs = [path for path in (options.photo, options.weights) if path is not None]
    outputs = Outputs(inputs)
    outputs.check(options.out, suffixes=SUFFIXES)
    image = read_image(options.photo)
    pipeline = _pipeline(_load(options), options)
    _check_box(options.box, image)
    page = explain_page(pipeline, image, pathlib.Path(options.photo).name, options.box)
    outputs.write(options.out, lambda path: path.write_text(page, encoding="utf-8"))
    print(one_line(f"{options.out}: open it in a browser"))
    tell(options, written=[str(options.out)])
    return 0


def _check_box(box, image):
    """Raise ValueError for a box without area, or outside the photo."""
    from npkpose.image.crop import touch_image

    height, width = image.shape[:2]
    if box is not None and not (box[0] < box[2] and box[1] < box[3]):
        raise ValueError(f"--box: expected X0 < X1 and Y0 < Y1, got {box}")
    if box is not None and not touch_image([box], (height, width)).all():
        size = f"{width} x {height}"
        raise ValueError(f"--box: expected one that touches the photo, {size}, got {box}")


def _load(options):
    """Return the network: of the weights, or one of our own."""
    from npkpose.models.small import load_trained

    if options.weights is not None or options.model not in OWN:
        return choose_network(options)[0]()
    print_note("explain", f"{options.model} knows synthetic people only: expect little of photos")
    return load_trained(options.model)


def _pipeline(model, options):
    """Return the pipeline of the network; ValueError where it has no heatmaps to show."""
    from npkpose.pipeline import BottomUp, TopDown

    if hasattr(model, "locate") or getattr(model, "finds", None) == "people":
        raise ValueError("--model: expected a network of heatmaps, got one that gives keypoints")
    if hasattr(model, "input_size"):
        if options.height is not None:
            raise ValueError("--height: expected none, since the network sees crops of one size")
        return TopDown(model)
    if options.box is not None:
        raise ValueError("--box: expected none, since the network sees whole photos")
    return BottomUp(model, options.height)
