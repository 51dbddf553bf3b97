"""Photographs of ``npkpose predict``: people found in each, and the files that are written."""

import json
import pathlib
import warnings

from npkpose._output import Outputs, make_folder
from npkpose.cli.boxes import read_boxes
from npkpose.cli.drawing_options import drawing_of
from npkpose.cli.finder import make_finder
from npkpose.cli.photos import id_of_name, list_photos
from npkpose.cli.terminal import one_line, print_note


def predict_photos(options, load_model, published=True):
    """Write NAME.json, NAME.png and results.json into the folder; return the exit status.

    A published network finds people: boxes of other categories are left out, and results.json holds
    COCO's keypoints if the network has them all. Other networks have keypoints of their own.
    """
    draw = drawing_of(options)
    boxes = None if options.boxes is None else _read_boxes(options, published)
    photos, notes = list_photos(options.photos, lambda path: _image_id(path, boxes))
    if boxes is not None:
        boxes.check_photos([photo.path for photo in photos])
        notes += [f"{boxes.path}: boxes left out: {boxes.left_out}"] if boxes.left_out else []
    outputs = _check_outputs(options, photos)
    model = load_model()
    find = make_finder(model, options, boxes)
    for note in notes:
        print_note("predict", note)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # of large or slightly damaged images
        plans = model.skeleton, _results_skeleton(model.skeleton, published)
        return _run(photos, find, (*plans, draw), outputs, make_folder(options.out))


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

    ``plans`` are the skeleton of the network, that of results.json, and the `Drawing`.
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
    skeleton, results_skeleton, draw = plans
    _write_photo(outputs, folder / photo.name, poses, skeleton, draw(image, poses, skeleton))
    return poses.convert(skeleton, results_skeleton).to_coco(photo.image_id)


def _print_photo(photo, count, files):
    people = "1 person" if count == 1 else f"{count} people"
    print(one_line(f"{photo.path}: {people}, {files}.json, {files}.png"), flush=True)


def _write_photo(outputs, path, poses, skeleton, drawn):
    """Write the people of a photo as ``path``.json, and the photo with them as ``path``.png."""
    from npkpose.image.files import write_image

    outputs.write(f"{path}.json", _json_writer(poses.to_dict(skeleton), indent=1))
    outputs.write(f"{path}.png", lambda temporary: write_image(temporary, drawn))


def _json_writer(content, indent=None):
    """Return a function that writes ``content`` to a path."""
    text = json.dumps(content, indent=indent) + "\n"
    return lambda path: path.write_text(text, encoding="utf-8")


def _results_skeleton(skeleton, published):
    """Return the skeleton of results.json: COCO's if the network's has all its keypoints."""
    from npkpose.skeletons import COCO_17

    return COCO_17 if published and (skeleton.columns_of(COCO_17) >= 0).all() else skeleton
