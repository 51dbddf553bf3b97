"""``npkpose demo``: learn keypoints while you watch, then find people; prints scores, saves plots.

A second process compiles kernels that find people while the first one trains.
"""

import time

import numpy as np

from npkpose._check import check_integer
from npkpose._extras import require_figure
from npkpose._output import Outputs, make_folder
from npkpose.cli.compiling import rare_garbage_collection, second_process
from npkpose.codec.heatmap.decode import REFINEMENTS
from npkpose.data.people import SyntheticPeople
from npkpose.exercises.markers import held_out_markers, marker_errors, train_markers
from npkpose.exercises.report import (
    draw_markers,
    grid_of_images,
    print_refinements,
    progress,
    save_grid,
)
from npkpose.image.draw import draw_poses
from npkpose.image.draw_style import DrawStyle
from npkpose.image.resize import resize
from npkpose.metrics.oks import oks
from npkpose.models.small import load_trained, trained_record
from npkpose.pipeline.bottomup import BottomUp
from npkpose.pipeline.topdown import TopDown
from npkpose.poses import Poses
from npkpose.skeletons import COCO_17
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.score import score

NUM_SCENES = 16
NUM_WARMUP = 4  # scenes that call every kernel once before any time is measured
SEED = 1000  # added to --seed: scenes that no network was trained or scored on
TITLES = {"topdown": "top-down, found boxes", "paf": "fields", "tags": "tags"}


def demo(out, seed=0):
    """Learn four markers, then find people; print and return the scores, and save two plots.

    Raises ValueError if one of the plots would replace a file that npkpose did not write.
    """
    check_integer("seed", seed)
    require_figure()
    outputs, out = Outputs(), make_folder(out)
    markers, people = (outputs.check(out / name) for name in ("markers.png", "people.png"))
    start, errors = time.perf_counter(), {}
    scenes = CachedDataset(SyntheticPeople(NUM_SCENES, SEED + seed), NUM_SCENES)
    with rare_garbage_collection(), second_process(compile_finders) as process:
        outputs.write(markers, lambda path: errors.update(learn_markers(path, seed)))
        process.wait()
        finders = make_finders(scenes, TITLES)
    print(f"2. People in {NUM_SCENES} fresh scenes, found by networks trained with npkpose")
    found = {name: find_people(find, scenes) for name, find in finders.items()}
    people_found = print_people(found, scenes)
    outputs.write(people, lambda path: draw_people(path, found, scenes))
    print(f"{time.perf_counter() - start:.0f} s. Plots: {out}/markers.png, {out}/people.png")
    return {"markers": errors, "people": people_found, "files": [str(markers), str(people)]}


def compile_finders():
    """Compile and cache every kernel that finds people, but those of layers."""
    make_finders(SyntheticPeople(NUM_SCENES, SEED), TITLES)


def learn_markers(path, seed):
    """Train on four markers; print and return the mean error of each refinement; save a plot."""
    print("1. Four markers, a network of 16,660 parameters, 200 steps of 16 images")
    net = train_markers(seed, report=progress(200))
    images, keypoints = held_out_markers(seed)
    errors = {refine: marker_errors(net, images, keypoints, refine) for refine in REFINEMENTS}
    print_refinements(errors)
    draw_markers(path, net, images, keypoints)
    return {refine: np.nanmean(distances) for refine, distances in errors.items()}


def make_finders(scenes, names):
    """Return ``{name: find}``, where ``find(scene)`` returns `Poses`; all kernels are compiled."""
    finders = {name: _finder(name, load_trained(name)) for name in names}
    for find in finders.values():
        score(CachedDataset(scenes, NUM_WARMUP), find)
    return finders


def _finder(name, network):
    if name != "topdown":
        bottom_up = BottomUp(network, flip=True)
        return lambda scene: bottom_up(scene.image)
    top_down = TopDown(network, detector=load_trained("detector"), keypoint_threshold=0)
    return lambda scene: top_down(scene.image)


def find_people(find, scenes):
    """Return the `Poses` of each scene, and the mean time of a scene in ms."""
    start = time.perf_counter()
    poses = [find(scenes[i]) for i in range(len(scenes))]
    return poses, 1000 * (time.perf_counter() - start) / len(scenes)


def print_people(found, scenes):
    """Print and return each network's AP on these scenes and its held-out ones, and its time."""
    numbers = {}
    print("   grouped by             AP here   AP of 1,000 held-out scenes   ms per scene")
    for name, (poses, milliseconds) in found.items():
        answers = iter(poses)
        here = score(scenes, lambda scene: next(answers)).stats.ap
        held_out = held_out_ap(name)
        print(f"   {TITLES[name]:21s}{here:9.3f}{held_out:30.3f}{milliseconds:15.1f}")
        numbers[name] = {"ap": here, "held_out_ap": held_out, "milliseconds": milliseconds}
    return numbers


def held_out_ap(name):
    """Return the recorded AP of a network on its held-out scenes; of "topdown", in found boxes."""
    if name == "topdown":
        return trained_record("detector")["top_down_ap"]["detector"]
    return trained_record(name)["scores"]["ap"]


def draw_people(path, found, scenes, columns=6, zoom=3):
    """Save a grid of scenes with the true people, and those of each network, one network per row.

    A person found has the colour of the true person who is most alike.
    """
    figure, axes = grid_of_images(1 + len(found), columns)
    truth = [Poses(scenes[i].keypoints) for i in range(columns)]
    rows = {"true": truth, **{TITLES[name]: poses for name, (poses, _) in found.items()}}
    for row, (title, poses) in zip(axes, rows.items()):
        for i, ax in enumerate(row):
            people = poses[i] if title == "true" else _with_true_ids(poses[i], scenes[i])
            ax.imshow(_enlarged(scenes[i].image, people, zoom))
    save_grid(figure, axes, path, rows)


def _with_true_ids(poses, scene):
    """Return people with the number of the most similar true person as id."""
    areas = np.maximum(scene.areas, 1.0)
    similarity = oks(poses.keypoints, scene.keypoints, areas, COCO_17.sigmas, missing="zero")
    return Poses(poses.keypoints, poses.scores, poses.person_scores, similarity.argmax(axis=1))


def _enlarged(image, poses, zoom):
    """Return the image enlarged and paler, with poses on it."""
    image = 255 - (255 - resize(image, tuple(zoom * side for side in image.shape[:2]))) // 2
    keypoints = zoom * (poses.keypoints + 0.5) - 0.5
    style = DrawStyle(colours="person", width=zoom * 1.5, points=0.8)
    return draw_poses(image, poses.with_keypoints(keypoints), COCO_17, style=style)
