"""DeepLabCut's tables as .csv: labels of frames, or predictions of a video.

    scorer,me,me,me                       scorer, individuals, bodyparts, coords: header rows
    bodyparts,nose,nose,nose              (individuals only in projects with several animals)
    coords,x,y,likelihood
    labeled-data/video/img0001.png,3.5,4.25,0.875

Mathis et al., "DeepLabCut", Nature Neuroscience 2018; deeplabcut.github.io. A row is an image: its
name in one column or in three, or the number of a frame. An empty cell or nan is missing;
"likelihood" is the score of a keypoint. Labels are set on images that are shown with pixel centres
at integers: coordinates are taken as they are. Animals of which a row has no keypoint are left out.
The skeleton has the body parts of the table, in their order.
"""

import csv

import numpy as np

from npkpose._check import LARGEST, plain
from npkpose.io.known_skeletons import choose_skeleton
from npkpose.io.labels import ImageEntry, Labels
from npkpose.io.lost import what_is_lost

SUFFIXES = (".csv",)
HEADER = ("scorer", "individuals", "bodyparts", "coords")
COORDS = ("x", "y", "likelihood")
MAX_COLUMNS = 1_000_000
_SINGLE = ""  # the individual of tables without that header


def recognise(source):
    """Return whether a file is such a table."""
    text = source.head.removeprefix(b"\xef\xbb\xbf")
    return source.suffix == ".csv" and text.startswith((b"scorer,", b"bodyparts,", b"individuals,"))


def read(source):
    """Return the animals of all rows."""
    header, names, values = read_table(source)
    return labels_of_table(source, header, names, values)


def read_table(source):
    """Return the header {name: row}, the names of the rows, and the numbers (rows, columns)."""
    header, names, rows, offset = {}, [], [], 1
    for line, cells in _lines(source):
        if cells[0] in HEADER and not rows:
            offset = max(offset, _first_cell(cells))
            header[cells[0]] = cells
            continue
        rows.append(_numbers(source, line, cells[offset:], header, offset))
        names.append("/".join(cells[:offset]))
    if "bodyparts" not in header or "coords" not in header:
        raise ValueError(f"{source.name}: expected rows bodyparts and coords, got {list(header)}")
    header = {name: cells[offset:] for name, cells in header.items()}
    return header, names, np.array(rows).reshape(len(rows), len(header["coords"]))


def _lines(source):
    """Yield (number of the line, cells) of all lines that are not empty."""
    with source.lines() as stream:
        reader = csv.reader(stream)
        try:
            yield from ((reader.line_num, cells) for cells in reader if cells)
        except csv.Error as error:
            raise ValueError(f"{source.name}: line {reader.line_num}: {error}") from None


def labels_of_table(source, header, names, values):
    """Return the `Labels` of a table: see `read_table`."""
    parts, coords = header["bodyparts"], header["coords"]
    animals = header.get("individuals", [_SINGLE] * len(parts))
    if not len(parts) == len(coords) == len(animals) == values.shape[1]:
        raise ValueError(f"{source.name}: expected header rows of one length")
    listed = list(dict.fromkeys(parts))
    skeleton = source.skeleton or choose_skeleton(len(listed), listed)
    if skeleton.num_keypoints != len(listed):
        raise ValueError(
            f"{source.name}: expected {skeleton.num_keypoints} body parts of {skeleton.name}, got "
            f"{len(listed)}"
        )
    who = list(dict.fromkeys(animals))
    if len(who) * len(listed) > 4 * len(parts) + 1000:
        raise ValueError(f"{source.name}: expected animals of the same body parts")
    table = np.full((len(values), len(who), len(listed), 3), np.nan)
    table[..., 2] = 1.0
    seen = {name: k for k, name in enumerate(listed)}, {name: a for a, name in enumerate(who)}
    for column, (animal, part, coord) in enumerate(zip(animals, parts, coords)):
        if coord not in COORDS:
            got = plain(coord)
            raise ValueError(f"{source.name}: coords: expected x, y, likelihood, got {got}")
        table[:, seen[1][animal], seen[0][part], COORDS.index(coord)] = values[:, column]
    points, scores = table[..., :2], np.nan_to_num(table[..., 2])
    points = np.where(np.isnan(points).any(axis=3, keepdims=True), np.nan, points)
    found = ~np.isnan(points[..., 0]).all(axis=2)  # (rows, animals)
    rows, which = np.nonzero(found)
    fields = {} if who == [_SINGLE] else {"individuals": np.array(who, dtype=object)[which]}
    images = [ImageEntry(i, name) for i, name in enumerate(names)]
    if names and all(name.isdecimal() and len(name) < 19 for name in names):
        images = [ImageEntry(i) for i in map(int, names)]
    return Labels(skeleton, images, rows, points[found], scores=scores[found], fields=fields)


def write(labels, path):
    """Write a table; a likelihood only if a score is not 1."""
    animals = labels.fields.get("individuals")
    who = [_SINGLE] if animals is None else list(dict.fromkeys(map(str, animals)))
    coords = COORDS if (labels.scores[labels.present] != 1).any() else COORDS[:2]
    K, width = labels.skeleton.num_keypoints, len(coords)
    table = np.full((len(labels.images), len(who), K, width), np.nan)
    for n, i in enumerate(labels.image_index):
        a = 0 if animals is None else who.index(str(animals[n]))
        if not np.isnan(table[i, a, :, 0]).all():
            raise ValueError(f"labels: expected one {who[a] or 'animal'} in each image, got more")
        row = np.concatenate([labels.keypoints[n], labels.scores[n][:, None]], axis=1)
        table[i, a] = np.where(labels.present[n][:, None], row, np.nan)[:, :width]
    header = {
        "scorer": ["npkpose"] * len(who) * K * width,
        "individuals": [name for name in who for _ in range(K * width)],
        "bodyparts": [name for name in labels.skeleton.keypoints for _ in coords] * len(who),
        "coords": list(coords) * K * len(who),
    }
    with open(path, "w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        for name, cells in header.items():
            if name != "individuals" or animals is not None:
                lines.writerow([name, *cells])
        for image, row in zip(labels.images, table.reshape(len(table), -1).tolist()):
            cells = ["" if number != number else repr(number) for number in row]
            lines.writerow([image.file_name or image.id, *cells])


def not_written(labels):
    """Return what of the labels the table does not hold."""
    return what_is_lost(labels, "scores", "empty", "image_ids", fields=("individuals",))


def _first_cell(cells):
    """Return the number of the first cell of the header that belongs to the table."""
    return next((i for i, cell in enumerate(cells) if i and cell), 1)


def _numbers(source, line, cells, header, offset):
    """Return the cells of a row as an array; empty ones are NaN."""
    wanted = len(header.get("coords", ())) - offset
    if len(cells) != wanted or wanted > MAX_COLUMNS:
        raise ValueError(f"{source.name}: line {line}: expected {wanted} numbers, got {len(cells)}")
    try:
        row = np.array([cell or "nan" for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{source.name}: line {line}: expected numbers, got {error}") from None
    if (abs(row) > LARGEST).any():
        raise ValueError(f"{source.name}: line {line}: expected finite numbers")
    return row
