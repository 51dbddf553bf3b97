"""Plain CSV, npkpose's own: one line for each keypoint of each instance, with this header.

    image_id,image,width,height,instance,keypoint,x,y,visibility,score

"image" is the name of the image; width and height are pixels and may be empty. "instance" is a
number, the same on all lines of one instance. A keypoint that has no line, or an empty x and y, is
missing. The keypoints of a published skeleton may stand in any order, others are in that of the
file. visibility is COCO's, 0 to 2, and may be empty: 2; score may be empty: 1. x, y are pixels with
pixel centres at integers. An image without instances has a line with an empty instance. The first
line of an instance with an empty keypoint has the score of the instance. Two columns more may be
there: "time", in seconds, becomes ``image_fields["time"]`` if all images have one; "track", an
identity that is the same in all images, becomes ``fields["track_ids"]``. Columns may stand in any
order; only image, instance, keypoint, x and y must be there. Other columns are passed over.
"""

import csv
from array import array

import numpy as np

from npkpose._check import LARGEST, plain
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import what_is_lost
from npkpose.skeletons import find_skeletons

SUFFIXES = (".csv",)
COLUMNS = ("image_id", "image", "width", "height", "instance", "keypoint", "x", "y", "visibility",
           "score")  # fmt: skip
NEEDED = ("image", "instance", "keypoint", "x", "y")
_MAX_SIDE, _MAX_TRACK = 2**31, 2**53


def recognise(source):
    """Return whether a file has this header."""
    first = source.head.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0].decode("utf-8", "replace")
    return source.suffix == ".csv" and set(NEEDED) <= set(first.strip().split(","))


def read(source):
    """Return the instances in the order of their first lines."""
    table = _Table(source)
    for line in _lines(source):
        table.add(*line)
    return table.labels()


def write(labels, path):
    """Write a line for each keypoint, also for missing ones."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        times, ids = labels.image_fields.get("time"), labels.fields.get("track_ids")
        lines.writerow([*COLUMNS, *["time"] * (times is not None), *["track"] * (ids is not None)])
        for i in range(len(labels.images)):
            time = [] if times is None else [repr(float(times[i]))]
            for n, cells in image_lines(labels, i):
                track = [] if ids is None else ["" if n is None else int(ids[n])]
                lines.writerow([*cells, *time, *track])


def image_lines(labels, i, first=0):
    """Yield (instance or None, cells of its line) for image ``i``; instances count from first."""
    image = labels.images[i]
    head = [image.id, image.file_name, image.width or "", image.height or ""]
    yield None, [*head, *[""] * 6]
    for n in np.flatnonzero(labels.image_index == i):
        score = labels.instance_scores[n]
        score = "" if np.isnan(score) else repr(float(score))
        yield n, [*head, first + n, "", "", "", "", score]
        yield from ((n, [*head, first + n, *row]) for row in _keypoints(labels, n))


def not_written(labels):
    """Return what of the labels the table does not hold."""
    held = "visibility", "scores", "instance_scores", "sizes", "empty", "image_ids"
    lost = what_is_lost(labels, *held, fields=("track_ids",))
    return [each for each in lost if each != "the field time"]


class _Table:
    """The images, instances and keypoints of the lines so far."""

    def __init__(self, source):
        self.source, self.images, self.instances, self.names = source, {}, {}, {}
        if source.skeleton is not None:
            self.names = {name: k for k, name in enumerate(source.skeleton.keypoints)}
        self.rows, self.scores = array("d"), {}  # n, k, x, y, visibility, score of each keypoint
        self.times, self.tracks = {}, {}  # of images and of instances, by number

    def add(self, line, cells):
        """Add the cells {column: text} of a line."""
        name, image = cells["image"], cells.get("image_id") or cells["image"]
        sides = [self._side(line, cells, side) for side in ("width", "height")]
        entry = self.images.setdefault(image, (len(self.images), name, *sides))
        if cells.get("time"):
            self.times[entry[0]] = self._number(line, cells, "time")
        instance = cells["instance"]
        if not instance:
            return
        n, where = self.instances.setdefault(instance, (len(self.instances), entry[0]))
        if where != entry[0]:
            self._fail(line, "instance", "one of its own in each image", instance)
        if cells.get("track"):
            self.tracks[n] = self._track(line, cells)
        if not cells["keypoint"]:
            if cells.get("score"):
                self.scores[n] = self._number(line, cells, "score")
            return
        k = self.names.get(cells["keypoint"])
        if k is None:
            if self.source.skeleton is not None:
                wanted = f"one of {self.source.skeleton.name}"
                self._fail(line, "keypoint", wanted, cells["keypoint"])
            k = self.names[cells["keypoint"]] = len(self.names)
        if cells["x"] or cells["y"]:
            self.rows.extend((n, k, *self._keypoint(line, cells)))

    def labels(self):
        """Return the `Labels` of all lines."""
        source, N = self.source, len(self.instances)
        if not self.names:
            self.names = {"0": 0}
        skeleton = source.skeleton or _skeleton(list(self.names))
        K, where = skeleton.num_keypoints, skeleton.keypoints.index
        column = np.array([where(name) for name in self.names])
        rows = np.frombuffer(self.rows).reshape(-1, 6) if self.rows else np.empty((0, 6))
        if N * K > 1000 * (len(rows) + 1000):
            raise ValueError(f"{source.name}: expected instances of the same keypoints")
        points, visibility = np.full((N, K, 2), np.nan), np.zeros((N, K), int)
        scores, totals = np.ones((N, K)), np.full(N, np.nan)
        rows = rows[rows[:, 4] > 0]
        place = rows[:, 0].astype(int), column[rows[:, 1].astype(int)]
        points[place], visibility[place], scores[place] = rows[:, 2:4], rows[:, 4], rows[:, 5]
        totals[list(self.scores)] = list(self.scores.values())
        index = [where for _, where in self.instances.values()]
        ids = _ids(self.images)
        images = [ImageEntry(i, *entry[1:]) for i, entry in zip(ids, self.images.values())]
        return Labels(
            skeleton, images, index, points, visibility, scores, totals,
            fields={"track_ids": [self.tracks.get(n, -1) for n in range(N)]} if self.tracks else {},
            image_fields=self._image_fields(),
        )  # fmt: skip

    def _image_fields(self):
        """Return the times of all images, or none."""
        if not self.times or len(self.times) < len(self.images):
            return {}
        return {"time": [self.times[i] for i in range(len(self.images))]}

    def _track(self, line, cells):
        value = self._number(line, cells, "track")
        if value % 1 or abs(value) > _MAX_TRACK:
            self._fail(line, "track", "a whole number", cells["track"])
        return int(value)

    def _keypoint(self, line, cells):
        x, y = (self._number(line, cells, axis) for axis in "xy")
        flag = self._number(line, cells, "visibility") if cells.get("visibility") else 2
        if flag not in (0, 1, 2):
            self._fail(line, "visibility", "0, 1 or 2", cells["visibility"])
        return x, y, flag, self._number(line, cells, "score") if cells.get("score") else 1.0

    def _side(self, line, cells, side):
        if not cells.get(side):
            return None
        value = self._number(line, cells, side)
        if not 0 < value < _MAX_SIDE or value % 1:
            self._fail(line, side, "a whole number of pixels", cells[side])
        return int(value)

    def _number(self, line, cells, column):
        try:
            value = float(cells[column])
        except ValueError:
            value = np.nan
        if not abs(value) <= LARGEST:
            self._fail(line, column, "a number", cells[column])
        return value

    def _fail(self, line, column, wanted, got):
        name = self.source.name
        raise ValueError(f"{name}: line {line}: {column}: expected {wanted}, got {plain(got)!r}")


def _lines(source):
    """Yield (number of the line, {column: text})."""
    stream = source.lines()
    reader = csv.reader(stream)
    try:
        header = next(reader, [])
        missing = [name for name in NEEDED if name not in header]
        if missing:
            raise ValueError(f"{source.name}: line 1: expected the column {missing[0]}, got none")
        for cells in reader:
            if len(cells) != len(header):
                if not cells:
                    continue
                raise ValueError(
                    f"{source.name}: line {reader.line_num}: expected {len(header)} cells, "
                    f"got {len(cells)}"
                )
            yield reader.line_num, dict(zip(header, cells))
    except csv.Error as error:
        raise ValueError(f"{source.name}: line {reader.line_num}: {error}") from None
    finally:
        stream.close()


def _skeleton(names):
    """Return the published skeleton of these names in any order, or one of its own."""
    same = [plan for plan in find_skeletons(len(names)) if set(plan.keypoints) == set(names)]
    return same[0] if same else choose_skeleton(len(names), names)


def _ids(images):
    """Return ids as numbers, if all are; 7 and 07 are texts, since they would be one number."""
    numbers = [int(i) if i.isdecimal() and i.isascii() and len(i) < 19 else None for i in images]
    return numbers if None not in numbers and len(set(numbers)) == len(images) else list(images)


def _keypoints(labels, n):
    """Yield keypoint, x, y, visibility and score; they are empty for a missing one."""
    for k, name in enumerate(labels.skeleton.keypoints):
        x, y = labels.keypoints[n, k].tolist()
        flag, score = int(labels.visibility[n, k]), float(labels.scores[n, k])
        yield (name, repr(x), repr(y), flag, repr(score)) if flag else (name, "", "", "", "")
