"""How far is too far, for which keypoint; and precision against recall."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import COCO_17, TopDown, oks
from npkpose.data import SyntheticPeople
from npkpose.models import load_trained
from npkpose.training.score import score

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8))
distance = np.linspace(0, 0.4, 200)
for name, style in (("nose", "-"), ("left_wrist", "--"), ("left_hip", "-.")):
    k = COCO_17.keypoints.index(name)
    found = np.zeros((200, 1, 2))
    found[:, 0, 0] = distance
    value = oks(found, [[[0.0, 0.0]]], [1.0], COCO_17.sigmas[k : k + 1])[:, 0]
    left.plot(distance, value, style, label=f"{name}, sigma {COCO_17.sigmas[k]:.3f}")
left.axhline(0.5, c="0.7", lw=1)
left.set(xlabel="distance, in square roots of the area", ylabel="similarity",
         title="One distance, three similarities")  # fmt: skip
left.legend()

find = TopDown(load_trained("topdown"))
scenes = SyntheticPeople(60, seed=7)


class Part(list):
    """Some scenes, as a data set of their own."""

    skeleton = COCO_17


def average_precision(part):
    """Return COCO's result for some of the scenes."""
    return score(Part(part), lambda scene: find(scene.image, scene.boxes))


result = average_precision(scenes)
for threshold, style in ((0.5, "-"), (0.75, "--"), (0.95, "-.")):
    t = int(np.argmin(abs(np.array(result.settings.thresholds) - threshold)))
    curve = result.precision[t, :, 0, 0, -1]
    right.plot(result.recall_levels, curve, style, label=f"OKS {threshold}: AP {curve.mean():.2f}")
right.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02), xlim=(0, 1),
          title="60 synthetic scenes, the small network")  # fmt: skip
right.legend(loc="lower right", bbox_to_anchor=(0.86, 0.08))

print(f"AP of all 60 scenes at once      {result.stats[0]:.3f}")
parts = [average_precision([scenes[i + j] for j in range(6)]).stats[0] for i in range(0, 60, 6)]
print(f"mean AP of ten parts of 6 scenes {np.mean(parts):.3f}")
