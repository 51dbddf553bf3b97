"""Two people cross, and one is hidden meanwhile: who is who? And a shaking wrist, filtered."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import COCO_17, Poses
from npkpose.tracking import OneEuroFilter, Tracker

FRAMES, FPS = 90, 30
rng = np.random.default_rng(1)
shapes = rng.normal(0, 1, (2, 17, 2)) * [18, 45]  # of two people, in pixels
seconds = np.arange(FRAMES) / FPS
x = np.stack([100 + 80 * seconds, 340 - 80 * seconds], axis=1)  # they meet at 1.5 s
keypoints = shapes + np.stack([x, np.full_like(x, 200.0)], axis=2)[:, :, None]  # (T, 2, 17, 2)
keypoints += 2 * rng.normal(size=keypoints.shape)

tracker, owners, last = Tracker(COCO_17, fps=FPS), {}, x[0].copy()
switches, mistakes, detections = 0, 0, 0
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
for t in range(FRAMES):
    seen = [0] if abs(x[t, 0] - x[t, 1]) < 40 else [0, 1]
    found = tracker.update(Poses(keypoints[t, seen], np.full((len(seen), 17), 0.9)))
    for number, person in zip(found.ids, seen):
        switches += owners.setdefault(person, number) != number
        colour, mark = ("#0072B2", "o") if number == 1 else ("#D55E00", "s")
        left.plot(seconds[t], x[t, person], mark, ms=3, c=colour)
    # Without a tracker: each detection is whoever was nearest to it in the frame before.
    middles = keypoints[t, seen, :, 0].mean(axis=1)
    nearest = abs(middles[:, None] - last).argmin(axis=1)
    mistakes, detections = mistakes + (nearest != seen).sum(), detections + len(seen)
    last[nearest] = middles
left.set(xlabel="time, s", ylabel="x, pixels", title="Colours: identities given by the tracker")

signal = np.clip(100 * (seconds - 1), 0, 100)
noisy = signal + 2 * rng.normal(size=FRAMES)
filters = {"at rest 1 Hz, more in motion": OneEuroFilter(FPS, 1.0, 0.1),
           "1 Hz always": OneEuroFilter(FPS, 1.0, 0.0)}  # fmt: skip
right.plot(seconds, noisy, ".", c="0.6", label="detected")
for (name, smooth), style in zip(filters.items(), ("-", "--")):
    filtered = np.array([smooth(value) for value in noisy])
    right.plot(seconds, filtered, style, label=name)
    jitter, lag = filtered[10:30].std(), abs(filtered - signal)[30:70].max()
    print(f"{name:29s} jitter at rest {jitter:.2f} px, largest lag {lag:.0f} px")
print(f"{'not filtered':29s} jitter at rest {noisy[10:30].std():.2f} px")
print(f"with the tracker              {switches} of {detections} detections have a wrong identity")
print(f"nearest in the frame before   {mistakes} of {detections}")
right.set(xlabel="time, s", ylabel="x of a wrist, pixels", title="A filter that knows speed")
right.legend()
