"""The command ``npkpose predict``: people in photographs and videos, found by a network.

The network is a published one, or one that ``npkpose train topdown`` trained on annotated images:
its weights say which skeleton it has.
"""

from npkpose.cli.drawing_options import add_drawing_options
from npkpose.cli.predict_files import FORMATS
from npkpose.cli.predict_network import choose_network
from npkpose.cli.predict_run import predict_sources


def add_command(commands):
    """Add the command to argparse's subparsers."""
    predict = commands.add_parser(
        "predict", help="find the people in photographs and videos",
        description="Find the people in photographs and videos. For each photo, NAME.json and "
        "NAME.png are written, and results.json, the people of all photos as COCO results; for a "
        "video, NAME.mp4, NAME.json and NAME-results.json, whose image_id is the number of the "
        "frame. What cannot be read is named and passed over, and the exit status is then 1. A "
        "file that npkpose did not write is never replaced.",
    )  # fmt: skip
    add = predict.add_argument
    add("sources", nargs="*", metavar="SOURCE",
        help="photo (JPEG, PNG, WebP, TIFF, BMP, GIF, PPM, JPEG 2000, AVIF), video (MP4, MOV, AVI, "
        'MKV, WebM and others), folder of these, pattern such as "day1/*.jpg", or webcam, '
        "webcam:1 and so on, until Ctrl-C")  # fmt: skip
    add("--list", metavar="FILE",
        help="text file of more sources, one on each line; - reads them from stdin")  # fmt: skip
    _add_network(add)
    add("--boxes", metavar="FILE",
        help="boxes of people, for a top-down network, as COCO results or annotations; of results "
        "without boxes, such as predict's, boxes around keypoints. A photo is "
        "found by file_name, or its name is the image_id, as a number or text. Default: one "
        "person per photo, in a box of its size")  # fmt: skip
    add("--category", type=int, metavar="ID",
        help="category_id of the boxes to use; default: the category named person, or 1; for a "
        "network that was trained on other keypoints, all")  # fmt: skip
    add("--height", type=int,
        help="input height of a bottom-up network; a larger one finds smaller people; default: "
        "the published height")  # fmt: skip
    add("--flip", action="store_true", help="do the flip test: more exact, twice the time")
    _add_outputs(add)
    add_drawing_options(predict, trails=True)
    predict.set_defaults(run=_predict, default_of=predict.get_default)


def _add_network(add):
    """Add the options of which networks find people."""
    add("--model",
        help="a name that `npkpose models` lists; its weights are fetched on first use. Default: "
        "the best network of whole photos that was fetched before; with --weights, the network "
        "that `npkpose train topdown` wrote there, or openpose-mobilenetv2")  # fmt: skip
    add("--weights", metavar="FILE",
        help="weight file: .pth, .pt, .bin, .safetensors, .npz or .pb; or a network: .onnx or "
        ".tflite, which says itself what it is. Default: the file of --model")  # fmt: skip
    add("--offline", action="store_true", help="fetch nothing: only files that are there")
    add("--detector", metavar="NAME",
        help="a network of boxes for one of crops: a name that `npkpose models` lists, or a file "
        "of YOLOX, RTMDet, YuNet or MediaPipe; default: one person per photo, in a box of its "
        "size")  # fmt: skip


def _add_outputs(add):
    """Add the options of what is done with the people."""
    add("--out", default="npkpose-predict", metavar="FOLDER",
        help="folder of all files that are written; default npkpose-predict")  # fmt: skip
    add("--format", nargs="+", choices=FORMATS, default=["json", "coco"], metavar="FORMAT",
        help=f"of the people: one or more of {', '.join(FORMATS)}; default json coco")  # fmt: skip
    add("--no-drawings", action="store_true", help="write no NAME.png and no NAME.mp4")
    add("--heatmaps", action="store_true",
        help="write NAME-heatmaps.png of each photo: the heatmaps of all keypoints over it")
    add("--track", action="store_true",
        help="give each person an id that stays the same in all frames of a video, or in all "
        "photos, in their order; people without one, such as those of one frame only, are "
        "left out")  # fmt: skip
    add("--smooth", action="store_true",
        help="smooth each person's keypoints over time (One-Euro filter); implies --track. "
        "`npkpose track --smooth` does it afterwards, without lag")  # fmt: skip
    add("--fps", type=float, default=30.0,
        help="photos per second, for --track and --smooth; default 30")  # fmt: skip


def _predict(options):
    """Find people in every source with the network that the options mean."""
    load_model, published = choose_network(options)
    return predict_sources(options, load_model, published)
