"""``npkpose demo``: keypoints learned while you watch, and people found, with pictures."""

import subprocess
import sys
import time

import numpy as np

from npkpose import exercises
from npkpose.codec.decode import REFINEMENTS, decode_heatmaps
from npkpose.data.figures import KITE
from npkpose.data.markers import COLOURS
from npkpose.data.people import SyntheticPeople
from npkpose.draw import draw_poses
from npkpose.image import require_pillow, resize
from npkpose.models.small import load_trained, trained_record
from npkpose.nn import convolve
from npkpose.pipeline.bottomup import BottomUp
from npkpose.pipeline.topdown import TopDown
from npkpose.reference import windows
from npkpose.skeleton import COCO_17
from npkpose.training.remember import Remember
from npkpose.training.score import score

PEOPLE = 16  # scenes
FIRST = 4  # of them, on which every kernel is called before time is taken
ELSEWHERE = "topdown", "paf"  # whose kernels another process compiles
FRESH = 1000  # added to a seed: scenes that nothing was trained or judged on


def demo(out, seed=0):
    """Learn four markers, then find people; print the numbers and save two pictures in ``out``."""
    require_matplotlib()
    require_pillow()
    out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    command = "from npkpose.demo import compile_finders; compile_finders()"
    compiling = subprocess.Popen([sys.executable, "-c", command])
    learn_markers(out, seed)
    scenes = Remember(SyntheticPeople(PEOPLE, FRESH + seed), PEOPLE)
    tags = people_finders(scenes, ["tags"])
    compiling.wait()
    print(f"2. People in {PEOPLE} fresh scenes, found by networks that were trained with npkpose")
    finders = people_finders(scenes, ELSEWHERE) | tags
    found = {name: find_people(find, scenes) for name, find in finders.items()}
    print_people(found, scenes)
    draw_people(out / "people.png", found, scenes)
    print(f"{time.perf_counter() - start:.0f} s. Pictures: {out}/markers.png, {out}/people.png")


def learn_markers(out, seed):
    """Train on four markers; print what the refinements are worth, and save markers.png."""
    print("1. Four markers, a network of 16,660 parameters, 200 steps of 16 pictures")
    net = exercises.train_markers(seed, report=progress(200))
    held_out = exercises.held_out_markers(seed)
    print_refinements({r: exercises.marker_errors(net, *held_out, r) for r in REFINEMENTS})
    draw_markers(out / "markers.png", net, *held_out)


def compile_finders():
    """Compile and cache what two of the `people_finders` need, in a process of its own.

    One process compiles one kernel at a time. Convolutions, which the markers' network needs as
    well, are left to the process that learns them: their twins in NumPy do here.
    """
    convolve.convolve_rows = windows.convolve_rows
    people_finders(SyntheticPeople(PEOPLE, FRESH), ELSEWHERE)


def people_finders(scenes, names):
    """Return ``{name: find}``, where ``find(scene)`` gives `Poses` and has nothing to compile."""
    finders = {}
    for name in names:
        network = load_trained(name)
        if name == "topdown":
            top_down = TopDown(network, padding=network.padding, keypoint_threshold=0)
            finders[name] = lambda scene: top_down(scene.image, scene.boxes[scene.labelled])
        else:
            bottom_up = BottomUp(network, flip=True)
            finders[name] = lambda scene, find=bottom_up: find(scene.image)
        score(Remember(scenes, FIRST), finders[name])
    return finders


def find_people(find, scenes):
    """Return the `Poses` of each scene, and the ms a scene takes."""
    start = time.perf_counter()
    poses = [find(scenes[i]) for i in range(len(scenes))]
    return poses, 1000 * (time.perf_counter() - start) / len(scenes)


def print_people(found, scenes):
    """Print the AP of each network's people, here and where it was judged, and its time."""
    titles = {"topdown": "top-down, true boxes", "paf": "fields", "tags": "tags"}
    print("   grouped by             AP here   AP of 1,000 held-out scenes   ms per scene")
    for name, (poses, milliseconds) in found.items():
        each = iter(poses)
        here = score(scenes, lambda _: next(each)).stats.ap
        there = trained_record(name)["scores"]["ap"]
        print(f"   {titles[name]:20s}{here:10.3f}{there:30.3f}{milliseconds:15.1f}")


def draw_people(path, found, scenes, columns=6, zoom=2):
    """Save scenes with the people that each network found."""
    figure, axes = require_matplotlib().subplots(3, columns, figsize=(2 * columns, 6.4))
    for row, (poses, _) in zip(axes, found.values()):
        for i, ax in enumerate(row):
            image = scenes[i].image
            image = resize(image, tuple(zoom * side for side in image.shape[:2]))
            large = poses[i].with_keypoints(zoom * (poses[i].keypoints + 0.5) - 0.5)
            ax.imshow(draw_poses(image, large, COCO_17))
    _save(figure, axes, path, ["top-down, from true boxes", "grouped by fields", "by tags"])


def progress(steps):
    """Return a ``report(step, loss)`` that draws tqdm's bar, or prints ten lines without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:

        def report(step, loss):
            if (step + 1) % max(steps // 10, 1) == 0:
                print(f"   step {step + 1} of {steps}: loss {loss:.5f}")

        return report
    bar = tqdm(total=steps, leave=False, disable=None)  # nothing where no one watches

    def report(step, loss):
        bar.set_postfix_str(f"loss {loss:.5f}", refresh=False)
        bar.update()
        if step + 1 == steps:
            bar.close()

    return report


def print_refinements(errors):
    """Print the mean distance (N, K) of each refinement, and its gain over argmax."""
    base = np.nanmean(errors["argmax"])
    for refine, distances in errors.items():
        mean = np.nanmean(distances)
        print(f"   {refine:13s} mean L2 {mean:.3f} px   {base - mean:+.3f} px better than argmax")


def print_grouping(groups, nearest, keypoints):
    """Print the scores of both groupings against keypoints (N, P, K, 2)."""
    print("   grouped by        right instance   mean OKS   figures found   spurious")
    for name, each in (("fields", groups), ("nearest keypoint", nearest)):
        score = exercises.score_figures(each, keypoints)
        print(
            f"   {name:17s} {100 * score.right_instance:11.1f} %   {score.oks:8.3f}"
            f"   {100 * score.found:11.1f} %   {score.spurious:8d}"
        )


def draw_markers(path, net, images, keypoints, columns=6):
    """Save pictures with the true (circle) and found (cross) keypoints, above their heatmaps."""
    heatmaps = net(1 - images[:columns])
    coords, _ = decode_heatmaps(heatmaps)
    figure, axes = require_matplotlib().subplots(2, columns, figsize=(2 * columns, 4.2))
    for n in range(columns):
        axes[0, n].imshow(images[n].transpose(1, 2, 0))
        axes[0, n].scatter(*keypoints[n].T, s=90, facecolors="none", edgecolors="orange")
        axes[0, n].scatter(*coords[n].T, s=25, marker="x", c="white", linewidths=1)
        # Each map glows in the complement of its marker's colour, as the network sees it.
        glow = np.einsum("khw,kc->hwc", heatmaps[n].clip(0, 1), 1 - COLOURS)
        axes[1, n].imshow((1 - glow).clip(0, 1))
    _save(figure, axes, path, ["truth (circle), found (cross)", "heatmaps, each in its colour"])


def draw_figures(path, net, images, groups, nearest, columns=6):
    """Save scenes with the skeletons of both groupings, above the fields' strength.

    Scenes on which the two groupings disagree come first.
    """
    totals = [[np.nansum(poses.keypoints) for poses in each] for each in (groups, nearest)]
    scenes = np.argsort(np.abs(np.subtract(*totals)) < 1, kind="stable")[:columns]
    _, fields = net.split(net(1 - images[scenes]))
    figure, axes = require_matplotlib().subplots(3, columns, figsize=(2 * columns, 6.2))
    for column, scene in enumerate(scenes):
        for ax, each in zip(axes[:, column], (groups, nearest)):
            ax.imshow(images[scene].transpose(1, 2, 0), alpha=0.5)
            for person, pose in enumerate(each[scene].keypoints):
                for a, b in KITE.limbs:
                    ax.plot(*pose[[a, b]].T, "o-", c=f"C{person + 1}", ms=3, lw=2)
        strength = np.hypot(fields[column, 0::2], fields[column, 1::2]).max(axis=0)
        axes[2, column].imshow(strength, cmap="magma", vmin=0, vmax=1)
    _save(figure, axes, path, ["grouped by fields", "by nearest keypoint", "strength of fields"])


def _save(figure, axes, path, titles):
    for row, title in zip(axes, titles):
        row[0].set_title(title, loc="left", fontsize=9)
    for ax in axes.flat:
        ax.set_xticks([])
        ax.set_yticks([])
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    require_matplotlib().close(figure)


def require_matplotlib():
    """Return matplotlib.pyplot without a screen, or raise ImportError that says what to install."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError('plots need Matplotlib: pip install "npkpose[examples]"') from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
