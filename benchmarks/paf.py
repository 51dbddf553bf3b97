"""How fast and how right `group_paf` is: ``python -m benchmarks.paf [MAPS_FOLDER]``.

Scenes are drawn from a seed: figures of 18 keypoints at random places, sizes and postures, the
largest of their Gaussians in each heatmap, the mean of their limbs' fields, and noise. Each row
times one scene and counts, over five, the people found at an OKS above 0.5 and above 0.75 and
the spurious ones (matched with nobody at 0.5). Then the same crowd grows, density unchanged:
its time per doubling, how many people are grouped in the 33 ms of a video frame, and with --plot
a plot.

The note also has the time as a multiple of NumPy's for sorting the pixels of each of the 18
heatmaps: a yardstick that every machine has.

MAPS_FOLDER may hold scenes made elsewhere, .npz files of ``heat`` (H, W, 19), ``paf`` (H, W, 38),
``kpts`` (P, 18, 3: x, y, visible) and ``area`` (P,). The peer, plain NumPy, finds the highest of
each 3 x 3 pixels and reads ten rounded samples for every pair of them; it groups nobody.
"""

import argparse
import pathlib
from typing import NamedTuple

import numpy as np

from benchmarks.timing import Row, first_call, machine, print_rows, smallest_ms
from npkpose import COCO_17, OPENPOSE_18, Poses, gaussian_heatmaps, group_paf, paf_fields
from npkpose._extras import require_figure
from npkpose.exercises.plot_file import PlotFile
from npkpose.metrics import match, oks

BODY = np.array(
    [(0, -9), (0, -6), (-3, -6), (-4, -2), (-4, 2), (3, -6), (4, -2), (4, 2), (-2, 2), (-2, 7),
     (-2, 12), (2, 2), (2, 7), (2, 12), (-1, -10), (1, -10), (-2, -9), (2, -9)], float,
)  # fmt: skip
SIZES = {  # people and maps; the last two have the same pictures at two resolutions
    "1": (1, (46, 82)), "5": (5, (46, 82)), "30": (30, (46, 82)),
    "100": (100, (46, 82)), "100L": (100, (92, 164)),
}  # fmt: skip
CELLS = 46 * 82 / 100  # map pixels per person in a crowd
CROWDS = (30, 100, 200, 400, 800, 1600)
PEER_CROWD = 400  # the most people that the peer is timed on: it looks at every pair
FRAME_MS = 33.0
SEEDS = 5


class Scene(NamedTuple):
    heatmaps: np.ndarray  # (19, H, W)
    pafs: np.ndarray  # (38, H, W)
    truth: Poses  # P people of OPENPOSE_18
    areas: np.ndarray  # (P,): 0.53 of the box, map pixels^2


def draw_scene(people, size, rng):
    """Return a scene of ``people`` on maps of ``size`` (H, W)."""
    unit = min(np.sqrt(size[0] * size[1] / people) / 18, 1.0)  # so that a crowd fills the picture
    truth = np.stack([_figure(size, unit * rng.uniform(0.7, 1.4), rng) for _ in range(people)])
    heatmaps, pafs = np.zeros((19, *size)), np.zeros((38, *size))
    count = np.zeros((38, *size))
    for person in truth:
        corner = np.maximum(np.nanmin(person, axis=0).astype(int) - 5, 0)
        right, bottom = np.minimum(np.nanmax(person, axis=0).astype(int) + 7, (size[1], size[0]))
        part = np.s_[:, corner[1] : bottom, corner[0] : right]
        small = bottom - corner[1], right - corner[0]
        peaks = gaussian_heatmaps(person - corner, small, rng.uniform(0.95, 1.1))
        peaks *= rng.uniform(0.6, 0.95, (18, 1, 1))
        heatmaps[:18][part] = np.maximum(heatmaps[:18][part], peaks)
        fields = paf_fields((person - corner)[None], OPENPOSE_18, small, width=1.1)
        pafs[part] += rng.uniform(0.45, 0.9) * fields
        lit = (fields[0::2] != 0) | (fields[1::2] != 0)
        count[part] += np.repeat(lit, 2, axis=0)
    pafs /= np.maximum(count, 1)
    heatmaps[18] = 1 - heatmaps[:18].max(axis=0)
    heatmaps, pafs = (m + rng.normal(0, 0.007, m.shape) for m in (heatmaps, pafs))
    return _scene(heatmaps, pafs, truth)


def _figure(size, unit, rng):
    """A person (18, 2) somewhere in the picture; keypoints outside it, and a few more, are NaN."""
    posture = (BODY + rng.normal(0, 0.8, BODY.shape)) * (rng.uniform(0.6, 1.1), 1.0)
    lean = rng.normal(0, 0.15)
    turn = np.array([(np.cos(lean), np.sin(lean)), (-np.sin(lean), np.cos(lean))])
    high, wide = size
    while True:
        person = unit * posture @ turn + rng.uniform((0, 0), (wide, high))
        person[((person < 0) | (person > (wide - 1, high - 1))).any(axis=1)] = np.nan
        if np.isfinite(person[:, 0]).sum() >= 10:
            break
    person[2:][rng.random(16) < 0.05] = np.nan
    return person


def load_scene(path):
    """Return a scene made elsewhere."""
    with np.load(path) as file:
        heatmaps, pafs = (file[name].transpose(2, 0, 1) for name in ("heat", "paf"))
        truth = np.where(file["kpts"][..., 2:] > 0, file["kpts"][..., :2], np.nan)
        return _scene(heatmaps, pafs, truth)._replace(areas=file["area"])


def _scene(heatmaps, pafs, truth):
    areas = 0.53 * (np.nanmax(truth, axis=1) - np.nanmin(truth, axis=1)).prod(axis=1)
    heatmaps, pafs = (np.ascontiguousarray(maps, np.float32) for maps in (heatmaps, pafs))
    return Scene(heatmaps, pafs, Poses(truth), areas)


def found(poses, scene):
    """Return how many people were found at 0.5 and at 0.75, and how many are spurious."""
    points, truth = (p.convert(OPENPOSE_18, COCO_17).keypoints for p in (poses, scene.truth))
    similarity = oks(points, truth, scene.areas, COCO_17.sigmas, missing="zero")
    loose, strict = (match(similarity, poses.person_scores, bar) for bar in (0.5, 0.75))
    return np.array([(loose >= 0).sum(), (strict >= 0).sum(), (loose < 0).sum()])


def group(scene):
    """The work that is timed."""
    return group_paf(scene.heatmaps, scene.pafs, OPENPOSE_18)


def peer(scene):
    """Plain NumPy: the 3 x 3 maxima of the heatmaps and the line integrals of all their pairs."""
    maps = scene.heatmaps[:18]
    around = np.pad(maps, ((0, 0), (1, 1), (1, 1)))
    rows = np.maximum(np.maximum(around[:, :-2], around[:, 1:-1]), around[:, 2:])
    highest = np.maximum(np.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])
    peaks = [np.argwhere((m == h) & (m > 0.1))[:, ::-1] for m, h in zip(maps, highest)]
    scores = []
    for (a, b), channels in zip(OPENPOSE_18.limbs, OPENPOSE_18.paf_channels):
        limb = (peaks[b] - peaks[a][:, None]).astype(np.float32)  # (A, B, 2)
        steps = np.linspace(0, 1, 10, dtype=np.float32)[:, None, None, None]
        x, y = np.moveaxis(np.rint(peaks[a][:, None] + steps * limb).astype(int), -1, 0)
        field_x, field_y = scene.pafs[list(channels)]
        length = np.maximum(np.hypot(limb[..., 0], limb[..., 1]), 1e-6)
        along = (field_x[y, x] * limb[..., 0] + field_y[y, x] * limb[..., 1]) / length
        scores.append((along.mean(axis=0), (along > 0.05).mean(axis=0)))
    return scores


def sort_heatmaps(scene):
    """The yardstick: sort the pixels of each of the 18 heatmaps."""
    return np.sort(scene.heatmaps[:18].reshape(18, -1), axis=1)


def rows(folder=None):
    """Yield a `timing.Row` for every size, and for every scene of the folder."""
    named = {
        name: [draw_scene(people, size, np.random.default_rng(seed)) for seed in range(SEEDS)]
        for name, (people, size) in SIZES.items()
    }
    for path in sorted(pathlib.Path(folder).glob("*.npz")) if folder else ():
        named[path.stem] = [load_scene(path)]
    for name, scenes in named.items():
        first = first_call(lambda: group(scenes[0]))
        total = sum(found(group(scene), scene) for scene in scenes)
        ms, peer_ms, sort_ms = smallest_ms(
            *(lambda work=work: work(scenes[0]) for work in (group, peer, sort_heatmaps))
        )
        people = sum(len(scene.truth) for scene in scenes)
        note = f"of {people}: {total[0]} at .5, {total[1]} at .75, {total[2]} spurious"
        note += f"; {ms / sort_ms:.2f} x np.sort"
        yield Row("group_paf", name, first, ms, "NumPy, peaks and pairs only", peer_ms, note)


def growth():
    """Return milliseconds of ours and of the peer, (2, len(CROWDS)), all of one density."""
    times = np.full((2, len(CROWDS)), np.nan)
    for n, people in enumerate(CROWDS):
        high = round(np.sqrt(people * CELLS * 46 / 82))
        scene = draw_scene(people, (high, round(people * CELLS / high)), np.random.default_rng(0))
        works = [group, peer][: 1 + (people <= PEER_CROWD)]
        times[: len(works), n] = smallest_ms(*(lambda work=work: work(scene) for work in works))
    return times


def report(plot=None):
    """Print how the time grows with the people, and draw it in a `PlotFile` if one is given."""
    times = growth()
    print("\npeople       ms   times per doubling, at one density")
    for n, people in enumerate(CROWDS):
        doublings = np.log2(people / CROWDS[n - 1])
        growth_rate = (times[0, n] / times[0, n - 1]) ** (1 / doublings) if n else np.nan
        print(f"{people:6} {times[0, n]:8.3f} {growth_rate:8.2f}")
    most = np.interp(FRAME_MS, times[0], CROWDS)
    print(f"{most:.0f} people in {FRAME_MS:g} ms" + " and more" * bool(times[0, -1] < FRAME_MS))
    if plot is not None:
        plot.save(draw_growth(times, most), dpi=120)


def draw_growth(times, most):
    """Return the figure of times against people; ``most`` people are grouped in a frame."""
    figure = require_figure()(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.loglog(CROWDS, times[0], "o-", label="npkpose: maps to people")
    axes.loglog(CROWDS, times[1], "s--", label="plain NumPy: peaks and pairs only")
    axes.axhline(FRAME_MS, color="gray", linewidth=1)
    text = f"a video frame, {FRAME_MS:g} ms: {most:.0f} people"
    axes.annotate(text, (CROWDS[-1], FRAME_MS * 0.92), color="gray", ha="right", va="top")
    axes.set(xlabel="people, at one density", ylabel="ms, one thread", title="Grouping by PAFs")
    axes.set_xticks(CROWDS, CROWDS, minor=False)
    axes.set_xticks([], minor=True)
    axes.legend()
    return figure


def main(argv=None):
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", metavar="MAPS_FOLDER", help="scenes made elsewhere")
    parser.add_argument("--plot", type=PlotFile, help="plot of time against people")
    options = parser.parse_args(argv)
    print(machine())
    print_rows(rows(options.folder))
    report(options.plot)


if __name__ == "__main__":
    main()
