"""The steps from an image to people, each with a title, a text and its figures."""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_kind
from npkpose.explain.fields import plot_fields, plot_integral
from npkpose.explain.maps import plot_heatmaps, plot_input
from npkpose.explain.matching import plot_matching
from npkpose.explain.peaks import highest_near, plot_peak, plot_peaks
from npkpose.explain.people import plot_people, plot_tags
from npkpose.explain.trace import Trace
from npkpose.grid import Grid
from npkpose.image.resize import resize

ZOOMED = 900  # pixels of the longer side of a part that is enlarged


class Step(NamedTuple):
    """One step: what happens, and the figures that show it."""

    title: str
    text: str
    figures: list


def steps_of(trace):
    """Return the `Step` list of a `Trace`, from the input to the people."""
    check_kind("trace", trace, Trace)
    steps = [_input_step(trace), _heatmap_step(trace), _peak_step(trace)]
    if trace.kind == "fields":
        steps += [_field_step(trace), *_limb_steps(trace)]
    if trace.kind == "tags":
        steps.append(_tag_step(trace))
    return [*steps, _people_step(trace)]


def _input_step(trace):
    stride = round(trace.input.shape[0] / trace.heatmaps.shape[1])
    cut = "The person's box is cut out and resized" if trace.kind == "crop" else "It is resized"
    high, wide = trace.image.shape[:2]
    text = (
        f"The photograph has {wide} x {high} pixels. {cut}, and its colours become numbers around "
        "zero. What the network answers, its maps, is coarser."
    )
    return Step("What the network sees", text, [plot_input(trace.input, stride)])


def _heatmap_step(trace):
    text = (
        "The network gives one map for each keypoint. A bright pixel says: this keypoint is here. "
        "If several people are in the image, a map has several bright places."
    )
    figure = plot_heatmaps(trace.heatmaps, trace.skeleton)
    return Step("Heatmaps: where is each keypoint?", text, [figure])


def _peak_step(trace):
    text = (
        "A peak is a pixel higher than its eight neighbours and than the threshold. The pixels of "
        "the map are coarse, so the place between them is found from three values: their "
        "logarithms lie on a parabola, and the peak is its vertex."
    )
    peaks, size = trace.peaks, trace.heatmaps.shape[1:]
    figures = [plot_peaks(trace.input, peaks, trace.skeleton, trace.grid, size)]
    if len(peaks.points):
        m, k = _peak_between_pixels(trace)
        figures.append(plot_peak(trace.heatmaps[k], *peaks.points[m], trace.skeleton.keypoints[k]))
    return Step("Peaks: the place between the pixels", text, figures)


def _peak_between_pixels(trace):
    """Return a strong peak that lies far from its pixel's centre, and its keypoint."""
    peaks = trace.peaks
    which = np.repeat(np.arange(len(peaks.first) - 1), np.diff(peaks.first))
    pixels = [highest_near(trace.heatmaps[k], *point) for k, point in zip(which, peaks.points)]
    away = abs(peaks.points - pixels).clip(0, 0.5).min(axis=1)  # along both axes
    m = int(np.argmax(peaks.scores * (0.2 + away)))
    return m, int(which[m])


def _field_step(trace):
    text = (
        "Peaks do not say whose they are. For that the network gives two more maps for each limb: "
        "on a limb they hold the direction from its first keypoint to its second, elsewhere zero."
    )
    whole = trace.input, trace.fields, trace.grid
    figures = [
        plot_fields(image, fields, trace.skeleton, grid)
        for image, fields, grid in [whole, *_best_person(trace)]
    ]
    return Step("Fields: which way does each limb go?", text, figures)


def _best_person(trace):
    """Return image, fields and grid of the part with the first person, enlarged; or nothing."""
    if len(trace.poses) == 0:
        return []
    size = np.array(trace.heatmaps.shape[:0:-1])
    stride = trace.input.shape[0] // size[1]
    box = trace.poses.boxes[0].reshape(2, 2) * size / trace.image.shape[1::-1]  # map pixels
    (x0, y0), (x1, y1) = np.clip(np.rint(box).astype(int) + [[-2], [3]], 0, size)
    if min(x1 - x0, y1 - y0) < 2:
        return []
    part = trace.input[y0 * stride : y1 * stride, x0 * stride : x1 * stride]
    zoom = max(ZOOMED // max(part.shape), 1)
    part = resize(part, (zoom * part.shape[0], zoom * part.shape[1]))
    return [(part, trace.fields[:, y0:y1, x0:x1], Grid(zoom * stride, "centre"))]


def _limb_steps(trace):
    """Return the steps of limbs: an integral, and matching; none where there is no limb."""
    if len(trace.connections.limbs) == 0:
        return []
    return [_integral_step(trace), _matching_step(trace)]


def _integral_step(trace):
    limb, a, b = _longest_limb(trace)
    text = (
        f"A candidate for the limb {_name(trace, limb)} joins two peaks. Along the line between "
        "them the field is read at evenly spaced samples. On a true limb it points along the line "
        "everywhere; between two people it does not. The mean of the samples is E, the "
        "candidate's score."
    )
    field = trace.fields[list(trace.skeleton.paf_channels[limb])]
    limbs = trace.peaks.points[[[a, b], *_wrong_pairs(trace, limb, a, b)]]
    names = ("kept", "another pair")[: len(limbs)]
    samples, threshold = trace.settings["num_samples"], trace.settings["sample_threshold"]
    figure = plot_integral(field, limbs, names, samples, threshold)
    return Step("The integral along one limb", text, [figure])


def _longest_limb(trace):
    """Return the limb type and peaks of the connection with the largest length x affinity."""
    limbs, pairs, affinities = trace.connections
    first, second = trace.peaks.points[pairs].transpose(1, 0, 2)
    best = int(np.argmax(np.hypot(*(first - second).T) * affinities))
    return int(limbs[best]), *map(int, pairs[best])


def _wrong_pairs(trace, limb, a, b):
    """Return the pair of a and the nearest peak but b, of b's keypoint; none without another."""
    second, points = trace.skeleton.limbs[limb][1], trace.peaks.points
    others = [m for m in range(*trace.peaks.first[second : second + 2]) if m != b]
    others.sort(key=lambda m: np.hypot(*(points[m] - points[a])))
    return [[a, others[0]]] if others else []


def _matching_step(trace):
    text = (
        "A candidate passes if nearly all of its samples point along it. Of those that pass, the "
        "one of the highest affinity is taken first; then all others that share an end with it are "
        "out, for a keypoint has one such limb only. The same is done for every limb."
    )
    (rows, affinities), (limbs, pairs, _) = trace.candidates, trace.connections
    limb = max(np.unique(limbs), key=lambda n: (rows[:, 0] == n).sum())
    ends = list(trace.skeleton.limbs[limb])
    first, counts = trace.peaks.first[ends], np.diff(trace.peaks.first)[ends]
    table, kept = np.full(counts, np.nan), np.zeros(counts, bool)
    own = rows[:, 0] == limb
    table[tuple((rows[own, 1:] - first).T)] = affinities[own]
    kept[tuple((pairs[limbs == limb] - first).T)] = True
    points = trace.grid.to_image(trace.peaks.points, trace.heatmaps.shape[1:])
    places = [points[start : start + count] for start, count in zip(first, counts)]
    names = [trace.skeleton.keypoints[k] for k in ends]
    figure = plot_matching(trace.input, *places, table, kept, names)
    return Step("Candidates, and what matching keeps", text, [figure])


def _name(trace, limb):
    ends = [trace.skeleton.keypoints[k] for k in trace.skeleton.limbs[limb]]
    return " to ".join(each.replace("_", " ") for each in ends)


def _tag_step(trace):
    text = (
        "Peaks do not say whose they are. For that the network gives every keypoint a tag: one or "
        "two numbers. Keypoints with nearly equal tags belong to one person."
    )
    return Step("Tags: who belongs together?", text, [plot_tags(trace.tags, trace.poses)])


def _people_step(trace):
    text = {
        "fields": "Limbs that share a keypoint belong to one person. People of few keypoints or of "
        "low score are dropped.",
        "tags": "Each peak goes to the person whose tag is nearest. People of low score are "
        "dropped.",
        "crop": "The highest peak of each map is the person's keypoint.",
    }[trace.kind]  # fmt: skip
    text += " The places go back from the map to the photograph."
    return Step("People", text, [plot_people(trace.image, trace.poses, trace.skeleton)])
