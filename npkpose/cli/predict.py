"""The command ``npkpose predict``: people in photographs, found by a network.

The network is a published one, or one that ``npkpose train topdown`` trained on annotated images:
its weights say which skeleton it has.
"""

import json
import pathlib
import warnings

from npkpose._output import Outputs, make_folder
from npkpose.cli.boxes import read_boxes
from npkpose.cli.photos import id_of_name, list_photos
from npkpose.cli.terminal import one_line, print_note

DEFAULT = "openpose-mobilenetv2"
EXPORTED = ".onnx", ".tflite"


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
    predict.set_defaults(run=_predict)


def _predict(options):
    """Load the network and find people in every photo."""
    from npkpose.models.pretrained import PRETRAINED, load

    if pathlib.Path(options.weights).suffix.lower() in EXPORTED:
        return _predict_exported(options)
    if options.detector is not None:
        raise ValueError(f"--detector: expected none beside {options.weights}, which is no network")
    trained = _load_trained(options)
    if trained is not None:
        return _predict_with(options, trained)
    options.model = options.model or DEFAULT
    if options.model not in PRETRAINED:
        raise ValueError(f"--model: expected one of {', '.join(PRETRAINED)}, got {options.model!r}")
    _check_options(options, PRETRAINED[options.model].finds == "one")
    return predict_photos(options, lambda: load(options.model, options.weights))


def _load_trained(options):
    """Return the network of weights that say which it is, unless --model names one; or None."""
    from npkpose.models.described import load_described

    if options.model is not None or pathlib.Path(options.weights).suffix.lower() != ".npz":
        return None
    return load_described(options.weights)


def _predict_with(options, network):
    """Find people with a network that `npkpose train topdown` trained."""
    skeleton = network.skeleton
    options.model = f"a network of {skeleton.name}"
    _check_options(options, is_top_down=True)
    _check_flip(options, skeleton)
    return predict_photos(options, lambda: network, published=False)


def _predict_exported(options):
    """Find people with networks of files that hold layers and weights."""
    from npkpose.models import from_onnx

    if options.model is not None:
        raise ValueError("--model: expected none, since the file of --weights says what it is")
    network = from_onnx(options.weights)
    if network.finds == "boxes":
        raise ValueError(
            f"--weights: expected a network of keypoints, got {network.family}, a detector: give "
            "it as --detector"
        )
    options.model = f"{options.weights} ({network.family})"
    sees_crops = network.finds == "keypoints"
    _check_options(options, sees_crops)
    for name in ("detector", "flip") if not sees_crops else ():
        if getattr(options, name):
            raise ValueError(f"--{name}: expected none, since {options.model} sees whole photos")
    if options.height is not None:
        raise ValueError(f"--height: expected none, since {options.model} has one size")
    _check_flip(options, network.skeleton)
    return predict_photos(options, lambda: network, published=False)


def _check_flip(options, skeleton):
    """Raise ValueError for a flip test of a skeleton whose mirror image is another thing."""
    if options.flip and not skeleton.pairs:
        raise ValueError(
            f"--flip: expected none, since {skeleton.name} has no pairs of left and right"
        )


def _load_detector(options):
    """Return the network of --detector, or None."""
    from npkpose.models import from_onnx

    if options.detector is None:
        return None
    if options.boxes is not None:
        raise ValueError("--detector: expected none beside --boxes")
    detector = from_onnx(options.detector)
    if detector.finds != "boxes":
        raise ValueError(f"--detector: expected a network of boxes, got {detector.family}")
    return detector


def _check_options(options, is_top_down):
    """Raise ValueError for an option that the network or the other options do not use."""
    if is_top_down and options.height is not None:
        raise ValueError(f"--height: expected none, since {options.model} sees crops of one size")
    if not is_top_down and options.boxes is not None:
        raise ValueError(f"--boxes: expected none, since {options.model} sees whole photos")
    if options.category is not None and options.boxes is None:
        raise ValueError("--category: expected --boxes beside it, got none")


def predict_photos(options, load_model, published=True):
    """Write NAME.json, NAME.png and results.json into the folder; return the exit status.

    A published network finds people: boxes of other categories are left out, and results.json holds
    COCO's keypoints if the network has them all. Other networks have keypoints of their own.
    """
    boxes = None if options.boxes is None else _read_boxes(options, published)
    photos, notes = list_photos(options.photos, lambda path: _image_id(path, boxes))
    if boxes is not None:
        boxes.check_photos([photo.path for photo in photos])
        notes += [f"{boxes.path}: boxes left out: {boxes.left_out}"] if boxes.left_out else []
    outputs = _check_outputs(options, photos)
    model = load_model()
    find = _make_finder(model, options, boxes)
    for note in notes:
        print_note("predict", note)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # of large or slightly damaged images
        plans = model.skeleton, _results_skeleton(model.skeleton, published)
        return _run(photos, find, plans, outputs, make_folder(options.out))


def _read_boxes(options, published):
    return read_boxes(options.boxes, options.category, any_category=not published)


def _image_id(path, boxes):
    """Return the id of a photo: that of the file of boxes, or else its name."""
    known = None if boxes is None else boxes.image_id(path)
    return id_of_name(path) if known is None else known


def _check_outputs(options, photos):
    """Return the `Outputs` of the run; ValueError if one of its files must not be replaced."""
    inputs = [*options.photos, options.weights, options.boxes, options.detector]
    outputs = Outputs([path for path in inputs if path is not None])
    folder = pathlib.Path(options.out)
    if folder.exists():  # or else it is made when the network is loaded, and is empty
        make_folder(folder)
        outputs.check(folder / "results.json")
        for photo in photos:
            outputs.check(folder / f"{photo.name}.json")
            outputs.check(folder / f"{photo.name}.png")
    return outputs


def _run(photos, find, plans, outputs, folder):
    """Find people in each photo and write the files; return the exit status.

    ``plans`` are the skeleton of the network, and that of results.json.
    Also after Ctrl-C, results.json holds the photos so far. If there are none, there is no
    results.json, also not that of an earlier run.
    """
    results, path = [], folder / "results.json"  # of each photo that was read
    outputs.remove(path)
    try:
        for photo in photos:
            people = _predict_photo(photo, find, plans, outputs, folder)
            if people is not None:
                results.append(people)
                _print_photo(photo, len(people), folder / photo.name)
        status = 0 if len(results) == len(photos) else 1
    except KeyboardInterrupt:
        print_note("predict", f"interrupted after {len(results)} of {len(photos)} photos")
        status = 130
    finally:
        if results:
            outputs.write(path, _json_writer([entry for people in results for entry in people]))
    if results:
        count = "1 photo" if len(results) == 1 else f"{len(results)} photos"
        print(one_line(f"{path}: the people of {count}, as COCO results"))
    return status


def _predict_photo(photo, find, plans, outputs, folder):
    """Write the files of a photo and return its people as COCO results; None if it is no image."""
    from npkpose.image.files import read_image

    try:
        image = read_image(photo.path)
        poses = find(image, photo)
    except (ValueError, OSError, MemoryError) as error:
        named = photo.path in str(error)
        print_note("predict", error if named else f"{photo.path}: {error or 'not enough memory'}")
        return None
    _write_photo(outputs, folder / photo.name, image, poses, plans[0])
    return poses.convert(*plans).to_coco(photo.image_id)


def _print_photo(photo, count, files):
    people = "1 person" if count == 1 else f"{count} people"
    print(one_line(f"{photo.path}: {people}, {files}.json, {files}.png"), flush=True)


def _write_photo(outputs, path, image, poses, skeleton):
    """Write the people of a photo as ``path``.json, and the photo with them as ``path``.png."""
    from npkpose.image.draw import draw_poses
    from npkpose.image.files import write_image

    drawn = draw_poses(image, poses, skeleton)
    outputs.write(f"{path}.json", _json_writer(poses.to_dict(skeleton), indent=1))
    outputs.write(f"{path}.png", lambda temporary: write_image(temporary, drawn))


def _json_writer(content, indent=None):
    """Return a function that writes ``content`` to a path."""
    text = json.dumps(content, indent=indent) + "\n"
    return lambda path: path.write_text(text, encoding="utf-8")


def _make_finder(model, options, boxes):
    """Return a function from an image and its `Photo` to the `Poses` in it."""
    from npkpose.pipeline import BottomUp, TopDown

    if getattr(model, "finds", None) == "people":
        return lambda image, photo: model(image)
    if not hasattr(model, "input_size"):
        try:
            bottom_up = BottomUp(model, options.height, flip=options.flip)
        except ValueError as error:  # of the height
            raise ValueError(f"--{error}") from None
        return lambda image, photo: bottom_up(image)
    top_down = TopDown(model, detector=_load_detector(options), flip=options.flip)
    if boxes is None:
        return lambda image, photo: top_down(image)
    return lambda image, photo: _find_in_boxes(top_down, image, photo, boxes)


def _find_in_boxes(top_down, image, photo, box_file):
    """Return the `Poses` in the boxes of a photo; say if it has none."""
    from npkpose.image.crop import touch_image

    boxes, scores = box_file.get(photo.image_id, ([], []))
    outside = len(boxes) - int(touch_image(boxes, image.shape[:2]).sum())
    if not boxes:
        print_note("predict", f"{photo.path}: no box in {box_file.path}")
    if outside:
        print_note("predict", f"{photo.path}: boxes outside the photo: {outside}, left out")
    return top_down(image, boxes, scores)


def _results_skeleton(skeleton, published):
    """Return the skeleton of results.json: COCO's if the network's has all its keypoints."""
    from npkpose.skeletons import COCO_17

    return COCO_17 if published and (skeleton.columns_of(COCO_17) >= 0).all() else skeleton
