"""Commands that run published networks: ``npkpose predict`` and ``npkpose models``."""

import itertools
import json
import math
import pathlib


def add_commands(commands):
    """Add both to argparse's subparsers."""
    predict = commands.add_parser("predict", help="find the people in photographs")
    predict.add_argument("photos", nargs="+", metavar="PHOTO")
    predict.add_argument(
        "--model", default="openpose-mobilenetv2", help="one that `npkpose models` lists"
    )
    predict.add_argument(
        "--weights", required=True, help="its file: .pth, .pt, .bin, .safetensors, .npz or .pb"
    )
    predict.add_argument(
        "--boxes", metavar="FILE",
        help="people's boxes for a network that looks at one person, as COCO results or "
        "annotations; image_id is the photo's name, as a number if it is one. "
        "Without: one person, who fills the photo",
    )  # fmt: skip
    predict.add_argument("--out", default="npkpose-predict", help="folder for JSON and pictures")
    predict.add_argument(
        "--height", type=int,
        help="of the input of a network that looks at the whole photo; larger finds smaller "
        "people; default: the published one",
    )  # fmt: skip
    predict.add_argument("--flip", action="store_true", help="average with the mirror image")
    predict.set_defaults(run=_predict)

    models = commands.add_parser("models", help="the networks: size, cost, score, and weights")
    models.set_defaults(run=_models)


def _predict(options):
    """Find people in every photo; write NAME.json, NAME.png and results.json into the folder."""
    from npkpose.image.draw import draw_poses
    from npkpose.image.files import read_image, write_image
    from npkpose.models.pretrained import load

    model = load(options.model, options.weights)
    find = _finder(model, options)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for name, photo in _distinct_names(options.photos):
        image = read_image(photo)
        poses = find(image, _image_id(photo))
        people = json.dumps(poses.to_dict(model.skeleton), indent=1)
        (out / f"{name}.json").write_text(people + "\n")
        write_image(out / f"{name}.png", draw_poses(image, poses, model.skeleton))
        results += _as_coco(poses, model.skeleton, _image_id(photo))
        people = "1 person" if len(poses) == 1 else f"{len(poses)} people"
        print(f"{photo}: {people}, {out / name}.json, {out / name}.png")
    (out / "results.json").write_text(json.dumps(results) + "\n")
    print(f"{out / 'results.json'}: all of them, as COCO results")
    return 0


def _finder(model, options):
    """Return a function from a picture and its id to the poses in it."""
    from npkpose.pipeline import BottomUp, TopDown

    if not hasattr(model, "input_size"):
        if options.boxes is not None:
            raise ValueError(f"--boxes: expected none, since {options.model} looks at whole photos")
        bottom_up = BottomUp(model, options.height, flip=options.flip)
        return lambda image, image_id: bottom_up(image)
    top_down = TopDown(model, flip=options.flip)
    if options.boxes is None:
        return lambda image, image_id: top_down(image)
    boxes = read_boxes(options.boxes)
    return lambda image, image_id: top_down(image, *boxes.get(image_id, ([], [])))


def read_boxes(path):
    """Return {image_id: (boxes (x0, y0, x1, y1), scores)} of a file of COCO results or annotations.

    Raises ValueError, naming file, entry and field, for JSON that is neither.
    """
    try:
        content = json.loads(pathlib.Path(path).read_text())
    except ValueError as error:
        raise ValueError(f"{path}: expected JSON, got {error}") from None
    entries = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise ValueError(f"{path}: expected COCO results or annotations")
    found = {}
    for n, entry in enumerate(entries):
        box = entry.get("bbox") if isinstance(entry, dict) else None
        if not isinstance(box, list) or [_is_number(v) for v in box] != [True] * 4:
            raise ValueError(f"{path}[{n}].bbox: expected [x, y, width, height], got {box!r}")
        score = entry.get("score", 1.0)
        if type(entry.get("image_id")) not in (int, str) or not _is_number(score):
            raise ValueError(f"{path}[{n}]: expected an image_id, and a number if it has a score")
        boxes, scores = found.setdefault(entry["image_id"], ([], []))
        x, y, width, height = box
        if width > 0 and height > 0:
            boxes.append((x, y, x + width, y + height))
            scores.append(score)
    return found


def _is_number(value):
    return type(value) in (int, float) and math.isfinite(value)


def _models(options):
    """Print the table."""
    from npkpose.models.pretrained import PUBLISHED

    head = f"{'model':22} {'people':>6} {'parameters':>11} {'input':>8} {'G madds':>8} {'AP':>5}"
    print(f"{head}  weights")
    for name, row in PUBLISHED.items():
        cost = "" if row.giga_madds is None else f"{row.giga_madds:.1f}"
        ap = "" if row.ap is None else f"{row.ap:.1f}"
        print(
            f"{name:22} {row.finds:>6} {row.parameters:11,} {row.size:>8} {cost:>8} {ap:>5}"
            f"  {row.weights}"
        )
    return 0


def _as_coco(poses, skeleton, image_id):
    """COCO results: in COCO's keypoints where the skeleton has them, else in its own."""
    from npkpose.skeletons import COCO_17

    if (skeleton.columns_of(COCO_17) >= 0).all():
        poses = poses.convert(skeleton, COCO_17)
    return poses.to_coco(image_id)


def _image_id(photo):
    """COCO names photos by their ids, with leading zeros; others keep their name."""
    stem = pathlib.Path(photo).stem
    return int(stem) if stem.isdecimal() else stem


def _distinct_names(photos):
    """Yield (name, photo): the file's stem, numbered where it is taken."""
    taken = {"results"}  # results.json is all photos'
    for photo in photos:
        stem = name = pathlib.Path(photo).stem
        for number in itertools.count(2):
            if name not in taken:
                break
            name = f"{stem}-{number}"
        taken.add(name)
        yield name, photo
