"""``npkpose demo``: keypoints learned while you watch, and people found, with pictures."""

import subprocess
import sys
import time

from npkpose._extras import require_figure, require_pillow
from npkpose.codec.heatmap.decode import REFINEMENTS
from npkpose.data.people import SyntheticPeople
from npkpose.engine import conv_forward as convolve
from npkpose.exercises.markers import held_out_markers, marker_errors, train_markers
from npkpose.exercises.report import draw_markers, print_refinements, progress, save_grid
from npkpose.image.draw import draw_poses
from npkpose.image.resize import resize
from npkpose.models.small import load_trained, trained_record
from npkpose.pipeline.bottomup import BottomUp
from npkpose.pipeline.topdown import TopDown
from npkpose.reference.engine import conv_kernels as windows
from npkpose.skeletons import COCO_17
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.score import score

PEOPLE = 16  # scenes
FIRST = 4  # of them, on which every kernel is called before time is taken
ELSEWHERE = "topdown", "paf"  # whose kernels another process compiles
FRESH = 1000  # added to a seed: scenes that nothing was trained or judged on


def demo(out, seed=0):
    """Learn four markers, then find people; print the numbers and save two pictures in ``out``."""
    require_figure()
    require_pillow()
    out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    command = "from npkpose.cli.demo import compile_finders; compile_finders()"
    compiling = subprocess.Popen([sys.executable, "-c", command])
    learn_markers(out, seed)
    scenes = CachedDataset(SyntheticPeople(PEOPLE, FRESH + seed), PEOPLE)
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
    net = train_markers(seed, report=progress(200))
    held_out = held_out_markers(seed)
    print_refinements({r: marker_errors(net, *held_out, r) for r in REFINEMENTS})
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
        score(CachedDataset(scenes, FIRST), finders[name])
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
    figure = require_figure()(figsize=(2 * columns, 6.4))
    axes = figure.subplots(3, columns)
    for row, (poses, _) in zip(axes, found.values()):
        for i, ax in enumerate(row):
            image = scenes[i].image
            image = resize(image, tuple(zoom * side for side in image.shape[:2]))
            large = poses[i].with_keypoints(zoom * (poses[i].keypoints + 0.5) - 0.5)
            ax.imshow(draw_poses(image, large, COCO_17))
    save_grid(figure, axes, path, ["top-down, from true boxes", "grouped by fields", "by tags"])
