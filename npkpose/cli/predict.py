"""The command ``npkpose predict``: people in photographs, found by a network.

The network is a published one, or one that ``npkpose train topdown`` trained on annotated images:
its weights say which skeleton it has.
"""

from npkpose.cli.drawing_options import add_drawing_options
from npkpose.cli.predict_network import choose_network
from npkpose.cli.predict_photos import predict_photos


def add_command(commands):
    """Add the command to argparse's subparsers."""
    predict = commands.add_parser(
        "predict", help="find the people in photographs",
        description="Find the people in photographs. Writes NAME.json and NAME.png for each photo, "
        "and results.json, the people of all photos as COCO results. A photo that cannot be read "
        "is named and passed over, and the exit status is then 1. A file that npkpose did not "
        "write is never replaced.",
    )  # fmt: skip
    add = predict.add_argument
    add("photos", nargs="+", metavar="PHOTO", 
        help="image file: JPEG, PNG, WebP, TIFF, BMP, GIF, PPM, JPEG 2000, AVIF")  # fmt: skip
    add("--model",
        help="a name that `npkpose models` lists; default: the network that `npkpose train "
        "topdown` wrote into --weights, or openpose-mobilenetv2")  # fmt: skip
    add("--weights", required=True,
        help="weight file: .pth, .pt, .bin, .safetensors, .npz or .pb; or a network: .onnx or "
        ".tflite, which says itself what it is")  # fmt: skip
    add("--detector", metavar="FILE",
        help="a network of boxes for that of --weights: YOLOX, RTMDet, YuNet or MediaPipe; "
        "default: one person per photo, in a box of its size")  # fmt: skip
    add("--boxes", metavar="FILE",
        help="boxes of people, for a top-down network, as COCO results or annotations; a photo is "
        "found by file_name, or its name is the image_id, as a number or text. Default: one "
        "person per photo, in a box of its size")  # fmt: skip
    add("--category", type=int, metavar="ID",
        help="category_id of the boxes to use; default: the category named person, or 1; for a "
        "network that was trained on other keypoints, all")  # fmt: skip
    add("--out", default="npkpose-predict", metavar="FOLDER",
        help="folder of all files that are written; default npkpose-predict")  # fmt: skip
    add("--height", type=int,
        help="input height of a bottom-up network; a larger one finds smaller people; default: "
        "the published height")  # fmt: skip
    add("--flip", action="store_true", help="do the flip test: more exact, twice the time")
    add_drawing_options(predict)
    predict.set_defaults(run=_predict)


def _predict(options):
    """Find people in every photo with the network that the options mean."""
    load_model, published = choose_network(options)
    return predict_photos(options, load_model, published)
