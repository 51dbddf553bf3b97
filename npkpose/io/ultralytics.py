"""Ultralytics' pose labels: a folder with data.yaml, and a .txt file for each image.

    data.yaml     kpt_shape: [17, 3]; flip_idx: [...]; names: 0: person; kpt_names: 0: [...]
    labels/...    class x_centre y_centre width height  x y v  x y v ...    one line an instance

docs.ultralytics.com/datasets/pose. All coordinates are shares of the image's width and height: x in
pixels is x times the width, without a shift, as Ultralytics makes them from COCO's pixels. So the
sizes of the images are needed: they are read from the images, which lie under "images" where the
labels lie under "labels", or beside them, or in the folder that ``images`` names. A keypoint 0 0
with no flag, or with flag 0, is missing. A last number after the keypoints is the score.
"""

import json
import pathlib

import numpy as np

from npkpose._check import LARGEST, shown
from npkpose.io.image_files import find_image, image_size
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import what_is_lost
from npkpose.io.yaml_subset import read_yaml

SUFFIXES = ()
NAMES = ("data.yaml", "data.yml", "dataset.yaml")


def recognise(source):
    """Return whether it is such a folder, or its data.yaml."""
    if source.is_folder:
        return any((source.path / name).is_file() for name in NAMES)
    return source.suffix in (".yaml", ".yml") and b"kpt_shape" in source.head


def read(source):
    """Return the instances of all label files; images are those that have one."""
    path = source.path
    if source.is_folder:
        path = next((path / name for name in NAMES if (path / name).is_file()), path / NAMES[0])
    settings = read_yaml(str(path), path.read_bytes().decode("utf-8-sig", errors="replace"))
    count, numbers = _shape(path, settings.get("kpt_shape"))
    files = sorted(path.parent.glob("**/*.txt"))
    files = [file for file in files if file.parent.name != "images"]
    images, tables = [], []
    for i, file in enumerate(files):
        image = _image_of(file, path.parent, source.images)
        size = image_size(image)
        images.append(ImageEntry(i, _relative(image, path.parent, source.images), *size))
        tables.append(_read_file(file, count, numbers) * _scale(size, count, numbers))
    width = 6 + count * numbers
    table = np.concatenate([np.empty((0, width)), *tables])
    index = np.repeat(np.arange(len(files)), [len(each) for each in tables])
    return _labels(source, path, settings, images, index, table, (count, numbers))


def write(labels, path):
    """Write a folder with data.yaml and labels; every image needs a size and a name of its own."""
    folder, names = pathlib.Path(path), [_stem(image) for image in labels.images]
    if len(set(names)) < len(names):
        raise ValueError("labels.images: expected names that differ without their suffixes")
    for i, image in enumerate(labels.images):
        if not image.width or not image.height:
            raise ValueError(f"labels.images[{i}]: expected width and height, got none")
    (folder / "labels").mkdir(parents=True)
    for i, name in enumerate(names):
        rows = [_row(labels, n) for n in np.flatnonzero(labels.image_index == i)]
        (folder / "labels" / f"{name}.txt").write_text("".join(rows), "ascii")
    skeleton = labels.skeleton
    categories = {i: name for i, name in enumerate(labels.categories.values())}
    lines = [
        "path: .", "train: images", "val: images",
        f"kpt_shape: [{skeleton.num_keypoints}, 3]",
        f"flip_idx: {skeleton.flip_order.tolist()}", "names:",
        *(f"  {i}: {json.dumps(name)}" for i, name in categories.items()), "kpt_names:", "  0:",
        *(f"    - {json.dumps(name)}" for name in skeleton.keypoints),
    ]  # fmt: skip
    (folder / NAMES[0]).write_text("\n".join([*lines, ""]), "utf-8")


def not_written(labels):
    """Return what of the labels the format does not hold."""
    held = "visibility", "boxes", "categories", "sizes", "instance_scores", "empty"
    return what_is_lost(labels, *held, fields=("category_ids",))


def _labels(source, path, settings, images, index, table, shape):
    """Return the `Labels` of rows in pixels: class, box, keypoints, score."""
    count, numbers = shape
    points = table[:, 5:-1].reshape(-1, count, numbers)
    flags = points[..., 2] if numbers == 3 else np.where((points == 0).all(axis=2), 0.0, 2.0)
    flags = np.rint(flags).clip(0, 2).astype(int)
    boxes = np.concatenate([table[:, 1:3] - table[:, 3:5] / 2, table[:, 3:5]], axis=1)
    classes = table[:, 0].astype(np.int64)
    names = _class_names(settings.get("names"))
    known = {int(i): names.get(int(i), "") for i in np.unique(classes)} or names
    listed = settings.get("kpt_names")
    listed = next(iter(listed.values()), None) if isinstance(listed, dict) else listed
    category = next(iter(known.values()), "")
    skeleton = source.skeleton or choose_skeleton(count, _names(listed), category)
    if skeleton.num_keypoints != count:
        raise ValueError(
            f"{path}: kpt_shape: expected {skeleton.num_keypoints} keypoints of {skeleton.name}, "
            f"got {count}"
        )
    return Labels(
        skeleton, images, index, np.where(flags[..., None] > 0, points[..., :2], np.nan), flags,
        instance_scores=table[:, -1], boxes=boxes, categories=known,
        fields={"category_ids": classes} if len(known) > 1 else None,
    )  # fmt: skip


def _shape(path, value):
    """Return K and the numbers of each keypoint, or raise ValueError."""
    good = isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)
    if not good or not 0 < value[0] <= 100_000 or value[1] not in (2, 3):
        raise ValueError(f"{path}: kpt_shape: expected [keypoints, 2 or 3], got {shown(value)}")
    return value


def _read_file(path, count, numbers):
    """Return the rows of a file (N, 6 + K * numbers): class, box, keypoints, score or NaN."""
    wanted, rows = 5 + count * numbers, []
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) not in (wanted, wanted + 1):
            raise ValueError(
                f"{path}: line {number}: expected {wanted} numbers, got {len(words)}"
            )
        try:
            row = np.array(words, dtype=np.float64)
        except ValueError as error:
            raise ValueError(f"{path}: line {number}: expected numbers, got {error}") from None
        if not (abs(row) <= LARGEST).all() or not 0 <= row[0] < 2**31 or row[0] % 1:
            raise ValueError(f"{path}: line {number}: expected a class and finite numbers")
        rows.append(np.append(row, np.nan)[: wanted + 1])
    return np.array(rows).reshape(-1, wanted + 1)


def _scale(size, count, numbers):
    """Return what each number of a row is multiplied by to be in pixels."""
    point = [*size, 1.0][:numbers]
    return np.array([1.0, *size, *size, *point * count, 1.0])


def _image_of(file, folder, images):
    """Return the path of the image of a label file, or raise ValueError."""
    parts = file.relative_to(folder).parts[:-1]
    beside = [folder.joinpath(*("images" if part == "labels" else part for part in parts))]
    for place in [*([] if images is None else [images]), *beside, file.parent]:
        found = find_image(place, file.stem)
        if found is not None:
            return found
    raise ValueError(
        f"{file}: expected an image of this name, whose size is needed, in {beside[0]} (or give "
        "the folder of images), got none"
    )


def _relative(image, folder, images):
    """Return the path of an image inside its folder."""
    inside = folder if image.is_relative_to(folder) else images
    return image.relative_to(inside).as_posix()


def _stem(image):
    name = image.file_name.replace("\\", "/").rsplit("/", 1)[-1] or str(image.id)
    return pathlib.PurePath(name).stem


def _class_names(names):
    """Return {class: name} of the list or map of names."""
    pairs = enumerate(names) if isinstance(names, list) else getattr(names, "items", list)()
    return {i: str(name) for i, name in pairs if type(i) is int and not isinstance(name, list)}


def _names(listed):
    return listed if isinstance(listed, list) and all(isinstance(n, str) for n in listed) else None


def _row(labels, n):
    """Return the line of one instance."""
    image = labels.images[labels.image_index[n]]
    size = np.array([image.width, image.height], dtype=float)
    box = labels.boxes[n]
    if not np.isfinite(box).all():
        box = _box_around(labels.keypoints[n])
    ids = labels.fields.get("category_ids")
    keys = list(labels.categories)
    kind = 0 if ids is None or ids[n] not in keys else keys.index(ids[n])
    points = np.nan_to_num(labels.keypoints[n] / size)
    triples = np.concatenate([points, labels.visibility[n][:, None]], axis=1)
    numbers = [*((box[:2] + box[2:] / 2) / size), *(box[2:] / size), *triples.ravel()]
    score = labels.instance_scores[n]
    numbers += [score] if np.isfinite(score) else []
    return " ".join([str(kind), *(f"{float(number)!r}" for number in numbers)]) + "\n"


def _box_around(points):
    """Return the box around the present keypoints; 0, 0, 0, 0 if there is none."""
    points = points[~np.isnan(points[:, 0])]
    if not len(points):
        return np.zeros(4)
    low, high = points.min(axis=0), points.max(axis=0)
    return np.concatenate([low, high - low])
