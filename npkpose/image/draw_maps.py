"""Heatmaps and part affinity fields on their image.

A heatmap's value v lies over the image as a colour of plasma, with an opacity that grows from 0 at
v = 0.05 to the whole opacity at v = 0.5: the image stays visible where no keypoint is. Between its
pixels a map is bilinear; beyond the outermost ones it has their values. A field is shown by arrows,
one for each cell of a lattice: its direction is that of the vector, its length and opacity grow
with the vector's length.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_array, check_kind, check_number, shown
from npkpose.grid import Grid, check_grid
from npkpose.image.draw import EDGE
from npkpose.image.files import check_image
from npkpose.image.palettes import map_colours
from npkpose.image.strokes import MAX_DISTANCE, join_strokes, make_strokes, paint_strokes
from npkpose.skeleton import Skeleton

LEVELS = 256  # of the colour map
NOTHING, FULL = 0.05, 0.5  # values of heatmaps: shown not at all, and with the whole opacity
BAND = 32  # rows of the image that are mixed at a time
MIN_SPACING = 10  # image pixels between arrows
WEAKEST = 0.1  # vectors shorter than this have no arrow


def draw_heatmaps(
    image: ArrayLike, heatmaps: ArrayLike, grid: Grid | None = None, opacity: float = 0.8,
    matrix: ArrayLike | None = None,
) -> NDArray:  # fmt: skip
    """Return a copy of the image with the largest value of all heatmaps over each pixel.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
    heatmaps : array_like, shape (K, h, w)
        Values below 0 and above 1 are shown as 0 and 1, and NaN as 0.
    grid : Grid, optional
        How the maps lie on the image; by default they cover it.
    opacity : float
        Of values from 0.5 to 1.
    matrix : array_like, shape (2, 3), optional
        Of maps on a crop of the image: from pixels of the crop to those of the image, without a
        rotation, as `npkpose.image.crop.crop_matrices` returns it. ``grid`` is needed beside it,
        and says how the maps lie on the crop.

    Returns
    -------
    drawn : ndarray, shape (H, W, 3), uint8

    Raises
    ------
    ValueError
        Wrong shape, an image that is not uint8, an opacity outside 0 to 1, or a matrix that
        rotates, mirrors or comes without a grid.
    """
    image = check_image("image", image)
    heatmaps = _check_maps("heatmaps", heatmaps)
    opacity = check_number("opacity", opacity, at_least=0, at_most=1)
    highest = np.fmax.reduce(heatmaps, axis=0, initial=0.0).clip(0, 1)  # passes over NaN
    rows, columns = _places(image.shape, highest.shape, grid, _check_matrix(matrix, grid))
    drawn = image.copy()
    part = drawn
    if matrix is not None:  # outside of the crop there is nothing
        (top, bottom), (left, right) = map(_inside, (rows, columns), highest.shape)
        part, rows, columns = drawn[top:bottom, left:right], rows[top:bottom], columns[left:right]
    rows, columns = (
        each.clip(0, count - 1) for each, count in zip((rows, columns), highest.shape)
    )
    highest = _between(highest.T.astype(np.float32), columns).T  # (h, W)
    for top in range(0, len(part), BAND):
        _blend(part[top : top + BAND], _between(highest, rows[top : top + BAND]), opacity)
    return drawn


def draw_fields(
    image: ArrayLike, fields: ArrayLike, skeleton: Skeleton, grid: Grid | None = None,
    opacity: float = 0.9, spacing: float | None = None,
) -> NDArray:  # fmt: skip
    """Return a copy of the image with part affinity fields as arrows, in the limbs' colours.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
    fields : array_like, shape (C, h, w)
        In the channels that the skeleton names. Vectors have a length of at most about 1.
    skeleton : Skeleton
    grid : Grid, optional
        How the fields lie on the image; by default they cover it.
    opacity : float
        Of a vector of length 1.
    spacing : float, optional
        Between arrows, image pixels, at least. Default: a hundredth of the longer side, at least
        10.

    Returns
    -------
    drawn : ndarray, shape (H, W, 3), uint8

    Raises
    ------
    ValueError
        Wrong shape, too few channels, an image that is not uint8, or an opacity outside 0 to 1.
    """
    image = check_image("image", image)
    check_kind("skeleton", skeleton, Skeleton)
    fields = np.nan_to_num(_check_maps("fields", fields), posinf=0, neginf=0)
    if len(fields) < skeleton.num_paf_channels:
        count = skeleton.num_paf_channels
        raise ValueError(f"fields: expected at least {count} channels, got {len(fields)}")
    opacity = check_number("opacity", opacity, at_least=0, at_most=1)
    grid = _grid_of(image.shape, fields.shape[1:], grid)
    if spacing is None:
        spacing = max(MIN_SPACING, max(image.shape) / 100)
    spacing = min(check_number("spacing", spacing, above=0), MAX_DISTANCE)
    pixels, points, spacing = _lattice(fields.shape[1:], grid, spacing)
    strokes = []
    for channels, colour in zip(skeleton.paf_channels, skeleton.colours):
        vectors = fields[list(channels)][:, pixels[:, 1], pixels[:, 0]].T
        strokes += _arrows(points, vectors, spacing, colour)
    return paint_strokes(image, join_strokes(strokes), opacity)


def _check_maps(name, maps):
    maps = check_array(name, maps, ("K", "h", "w"), (np.float64, np.float32), finite=False)
    if 0 in maps.shape[1:]:
        raise ValueError(f"{name}: expected h and w of at least 1, got {maps.shape}")
    return maps


def _grid_of(image_shape, map_shape, grid):
    """Return the grid, or the one of maps that cover the image."""
    sides = tuple(have / count for have, count in zip(image_shape[1::-1], map_shape[::-1]))
    return check_grid(grid) or Grid(sides, "centre")


def _check_matrix(matrix, grid):
    """Return the matrix of a crop, or that of the image itself if it is None."""
    if matrix is None:
        return np.eye(2, 3)
    if grid is None:
        raise ValueError("grid: expected one beside matrix, got None")
    matrix = check_array("matrix", matrix, (2, 3))
    if matrix[0, 1] or matrix[1, 0] or matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
        raise ValueError(f"matrix: expected no rotation and no mirror image, got {shown(matrix)}")
    return matrix


def _places(image_shape, map_shape, grid, matrix):
    """Return y of each row and x of each column of the image, in pixels of the map."""
    grid = _grid_of(image_shape, map_shape, grid)
    with np.errstate(over="ignore"):
        x, y = (
            (np.arange(count) - matrix[axis, 2]) / matrix[axis, axis]
            for axis, count in enumerate(image_shape[1::-1])
        )
    rows = grid.to_map(np.stack([np.zeros_like(y), y], axis=1), map_shape)[:, 1]
    columns = grid.to_map(np.stack([x, np.zeros_like(x)], axis=1), map_shape)[:, 0]
    return rows, columns


def _inside(places, count):
    """Return the first and the end of the ascending places that lie on one of ``count`` pixels."""
    return np.searchsorted(places, [-0.5, count - 0.5])


def _between(values, places):
    """Return values (n, m) between rows, at ``places`` (N,): shape (N, m)."""
    first = places.astype(int)
    share = (places - first).astype(np.float32)[:, None]
    following = np.minimum(first + 1, len(values) - 1)
    return (1 - share) * values[first] + share * values[following]


def _blend(band, values, opacity):
    """Mix the colours of values (n, W) into rows (n, W, 3) of the image."""
    shown = np.linspace(0, 1, LEVELS)
    colours = map_colours(shown).astype(np.float32)
    covers = opacity * ((shown - NOTHING) / (FULL - NOTHING)).clip(0, 1).astype(np.float32)
    y, x = np.nonzero(values > NOTHING)
    levels = np.rint((LEVELS - 1) * values[y, x]).astype(np.uint8)
    cover = covers[levels, None]
    band[y, x] = np.rint(cover * colours[levels] + (1 - cover) * band[y, x])


def _lattice(map_shape, grid, spacing):
    """Return map pixels (n, 2) at least ``spacing`` image pixels apart, their points, and how far
    apart they are."""
    y, x = np.mgrid[: map_shape[0], : map_shape[1]]
    points = grid.to_image(np.stack([x, y], axis=-1), map_shape)  # (h, w, 2)
    stride = np.broadcast_to(np.asarray(grid.stride, float), 2)
    step = np.maximum(np.ceil(spacing / stride), 1).clip(max=max(map_shape)).astype(int)
    pixels = np.stack([x, y], axis=-1)[:: step[1], :: step[0]].reshape(-1, 2)
    return pixels, points[:: step[1], :: step[0]].reshape(-1, 2), float((step * stride).min())


def _arrows(points, vectors, spacing, colour):
    """Return the strokes of arrows centred at points (n, 2), as long as their cell allows."""
    length = np.hypot(*vectors.T)
    shown = (length > WEAKEST) & (length < MAX_DISTANCE)
    points, vectors, length = points[shown], vectors[shown], length[shown].clip(max=1)
    along = 0.5 * spacing * length[:, None] * vectors / np.hypot(*vectors.T)[:, None]
    across = along[:, ::-1] * [-1, 1]
    tips = points + along
    starts = np.concatenate([points - along, tips, tips])
    ends = np.concatenate([tips, *(tips - 0.7 * along + side * across for side in (0.5, -0.5))])
    radius, length = max(0.06 * spacing, 0.7), np.tile(length, 3)
    return [
        make_strokes(starts, ends, EDGE * radius, (0, 0, 0), length),
        make_strokes(starts, ends, radius, colour, length),
    ]
