"""The command ``npkpose predict``: people in photographs, found by a published network."""

import itertools
import json
import math
import pathlib

from npkpose._json import read_json
from npkpose._output import Outputs, make_folder


def add_command(commands):
    """Add the command to argparse's subparsers."""
    predict = commands.add_parser(
        "predict", help="find the people in photographs",
        description="Find the people in photographs. Writes NAME.json and NAME.png for each photo, "
        "and results.json, the people of all photos as COCO results.",
    )  # fmt: skip
    add = predict.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="image file, in a format that Pillow reads")
    add("--model", default="openpose-mobilenetv2",
        help="a name that `npkpose models` lists; default openpose-mobilenetv2")  # fmt: skip
    add("--weights", required=True,
        help="weight file: .pth, .pt, .bin, .safetensors, .npz or .pb")  # fmt: skip
    add("--boxes", metavar="FILE",
        help="boxes of people, for a top-down network, as COCO results or annotations; image_id "
        "is the photo's name, as a number if it is one. Default: one person per photo, in a box "
        "of its size")  # fmt: skip
    add("--out", default="npkpose-predict", metavar="FOLDER",
        help="folder of all files that are written; default npkpose-predict")  # fmt: skip
    add("--height", type=int,
        help="input height of a bottom-up network; a larger one finds smaller people; default: "
        "the published height")  # fmt: skip
    add("--flip", action="store_true", help="do the flip test: more exact, twice the time")
    predict.set_defaults(run=_predict)


def _predict(options):
    """Load the network and find people in every photo."""
    from npkpose.models.pretrained import load

    outputs = _check_outputs(options)
    return predict_photos(load(options.model, options.weights), options, outputs)


def _check_outputs(options):
    """Return the `Outputs` of the run; ValueError if one of its files must not be replaced."""
    inputs = [*options.photos, options.weights, options.boxes]
    outputs = Outputs([path for path in inputs if path is not None])
    folder = pathlib.Path(options.out)
    if not folder.exists():  # it is made when the network is loaded, and then it is empty
        return outputs
    make_folder(folder)
    names = [name for name, _ in _unique_names(options.photos)]
    for name in ("results.json", *(f"{n}{suffix}" for n in names for suffix in (".json", ".png"))):
        outputs.check(folder / name)
    return outputs


def predict_photos(model, options, outputs):
    """Write NAME.json, NAME.png and results.json into the folder; return the exit status."""
    from npkpose.image.files import read_image

    find = _make_finder(model, options)
    out = make_folder(options.out)
    results = []
    try:
        for name, photo in _unique_names(options.photos):
            image = read_image(photo)
            poses = find(image, _image_id(photo))
            _write_photo(outputs, out / name, image, poses, model.skeleton)
            results += _to_coco(poses, model.skeleton, _image_id(photo))
            people = "1 person" if len(poses) == 1 else f"{len(poses)} people"
            print(f"{photo}: {people}, {out / name}.json, {out / name}.png")
    finally:  # after Ctrl-C too: the photos so far
        outputs.write(out / "results.json", _json_writer(results))
    print(f"{out / 'results.json'}: the people of all photos, as COCO results")
    return 0


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


def _make_finder(model, options):
    """Return a function from an image and its id to the `Poses` in it."""
    from npkpose.pipeline import BottomUp, TopDown

    if not hasattr(model, "input_size"):
        if options.boxes is not None:
            raise ValueError(f"--boxes: expected none, since {options.model} sees whole photos")
        bottom_up = BottomUp(model, options.height, flip=options.flip)
        return lambda image, image_id: bottom_up(image)
    top_down = TopDown(model, flip=options.flip)
    if options.boxes is None:
        return lambda image, image_id: top_down(image)
    boxes = read_boxes(options.boxes)
    return lambda image, image_id: top_down(image, *boxes.get(image_id, ([], [])))


def read_boxes(path):
    """Return {image_id: (boxes (x0, y0, x1, y1), scores)} of COCO results or annotations.

    Raises ValueError, naming file, entry and field, for other content.
    """
    found = {}
    for n, entry in enumerate(_read_entries(path)):
        (x, y, width, height), image_id, score = _check_box(f"{path}[{n}]", entry)
        boxes, scores = found.setdefault(image_id, ([], []))
        if width > 0 and height > 0:
            boxes.append((x, y, x + width, y + height))
            scores.append(score)
    return found


def _read_entries(path):
    content = read_json(path)
    entries = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise ValueError(f"{path}: expected COCO results or annotations")
    return entries


def _check_box(where, entry):
    """Return an entry's bbox, image_id and score, default 1; ValueError if one is none."""
    box = entry.get("bbox") if isinstance(entry, dict) else None
    if not isinstance(box, list) or [_is_number(value) for value in box] != [True] * 4:
        raise ValueError(f"{where}.bbox: expected [x, y, width, height], got {box!r}")
    image_id, score = entry.get("image_id"), entry.get("score", 1.0)
    if type(image_id) not in (int, str):
        raise ValueError(f"{where}.image_id: expected an integer or a text, got {image_id!r}")
    if not _is_number(score):
        raise ValueError(f"{where}.score: expected a number, got {score!r}")
    return box, image_id, score


def _is_number(value):
    return type(value) in (int, float) and math.isfinite(value)


def _to_coco(poses, skeleton, image_id):
    """Return COCO results: COCO's keypoints if the skeleton has them, else its own."""
    from npkpose.skeletons import COCO_17

    if (skeleton.columns_of(COCO_17) >= 0).all():
        poses = poses.convert(skeleton, COCO_17)
    return poses.to_coco(image_id)


def _image_id(photo):
    """Return the photo's name without suffix, as a number if it is one, as COCO does."""
    stem = pathlib.Path(photo).stem
    return int(stem) if stem.isdecimal() else stem


def _unique_names(photos):
    """Yield (name, photo): the name without suffix, with a number if it was used before."""
    used = {"results"}  # results.json holds all photos
    for photo in photos:
        stem = name = pathlib.Path(photo).stem
        for number in itertools.count(2):
            if name not in used:
                break
            name = f"{stem}-{number}"
        used.add(name)
        yield name, photo
