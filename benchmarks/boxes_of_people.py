"""Who gives the top-down network its boxes, and what it costs: AP on the held-out scenes.

    python -m benchmarks.boxes_of_people

True boxes, the detector of the package, and boxes around the people that the two bottom-up networks
find. All networks are those of the package, with the flip test.
"""

import argparse

from npkpose import BottomUp, TopDown
from npkpose.data.people import SyntheticPeople
from npkpose.models.small import load_trained
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.recipes import HELD_OUT_SCENES, HELD_OUT_SEED, RECIPES
from npkpose.training.score import score


def main(num_scenes=HELD_OUT_SCENES):
    """Print the AP of the detector's boxes, and that of poses in the boxes of each source."""
    scenes = CachedDataset(SyntheticPeople(num_scenes, HELD_OUT_SEED), num_scenes)
    detector = load_trained("detector")
    task = RECIPES["detector"].task(detector, scenes, scenes)
    print(f"{num_scenes} held-out scenes\nthe detector's boxes: {task.score(detector)}", flush=True)
    print("OKS AP of the top-down network in", flush=True)
    for source, found in sources(detector).items():
        find = TopDown(load_trained("topdown"), detector=found, keypoint_threshold=0)
        print(f"   {source:28s}{ap_of(find, scenes, found is None):.4f}", flush=True)


def sources(detector):
    """Return {name: detector of `TopDown`}; None stands for the true boxes."""
    of_people = {
        f"boxes of people, by {name}": BottomUp(load_trained(network), flip=True)
        for name, network in (("fields", "paf"), ("tags", "tags"))
    }
    return {"true boxes": None, "the detector's boxes": detector} | of_people


def ap_of(find, scenes, are_true):
    """Return the AP of poses in found boxes, or in the true boxes of labelled people."""
    boxes = (lambda scene: scene.boxes[scene.labelled]) if are_true else (lambda scene: None)
    return score(scenes, lambda scene: find(scene.image, boxes(scene))).stats.ap


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scenes", type=int, default=HELD_OUT_SCENES, help="default 1000")
    main(parser.parse_args().scenes)
