"""How fast and how right `group_tags` is: ``python -m benchmarks.tags``.

Scenes are drawn from a seed: people of 17 keypoints at random places and sizes, a Gaussian of
random height per keypoint, one tag per person with noise, a tenth of the keypoints missing, and
as many small false peaks as true ones, with tags of their own. The note says how many people
were found over five seeds at an OKS above 0.5 and 0.75, and how many were matched with nobody.
The peer finds peaks only, on the same maps, with the 5 x 5 maximum filter of published decoders.
"""

import argparse

import numpy as np

from benchmarks.timing import Row, first_call, machine, print_rows, smallest_ms
from npkpose import COCO_17
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.codec.tags.group import group_tags
from npkpose.metrics.oks import match, oks

BODY = np.array(
    [(0, -9), (-1, -10), (1, -10), (-2, -9), (2, -9), (-4, -6), (4, -6), (-5, -1), (5, -1),
     (-5, 4), (5, 4), (-3, 4), (3, 4), (-3, 11), (3, 11), (-3, 18), (3, 18)], float,
)  # fmt: skip
SIZES = ((256, 5, 1), (256, 30, 1), (512, 5, 2), (512, 30, 2))  # side, people, tag dimensions
SEEDS = 5
GAP, APART = 2.0, 8.0


def scene(rng, side, people, dims, gap=GAP, apart=APART):
    """Return heatmaps (17, S, S), tags (17, S, S, T), and the true keypoints (P, 17, 2).

    ``gap`` is the distance of people's tags, ``apart`` that of their centres in pixels.
    """
    centres = np.empty((0, 2))
    while len(centres) < people:
        centre = rng.uniform(0.1 * side, 0.9 * side, 2)
        if not (np.hypot(*(centres - centre).T) < apart).any():
            centres = np.append(centres, [centre], axis=0)
    scale = rng.uniform(side / 150, side / 60, (people, 1, 1))
    keypoints = centres[:, None] + scale * (BODY + rng.normal(0, 0.5, (people, 17, 2)))
    keypoints[rng.random((people, 17)) < 0.1] = np.nan
    keypoints[((keypoints < 0) | (keypoints > side - 1)).any(axis=2)] = np.nan
    false = rng.uniform(5, side - 5, (people, 17, 2))
    heatmaps, tags = np.zeros((17, side, side)), np.zeros((17, side, side, dims))
    tag = gap * rng.permutation(2 * people)[:, None] + rng.normal(0, 0.1, (2 * people, dims))
    for n, points in enumerate(np.concatenate([keypoints, false])):
        height = rng.uniform(*((0.5, 1.0) if n < people else (0.05, 0.2)), (17, 1, 1))
        drawn = height * gaussian_heatmaps(points, side, 2.0)
        upper = drawn > np.maximum(heatmaps, 0.01)
        tags = np.where(upper[..., None], tag[n], tags)
        heatmaps = np.maximum(heatmaps, drawn)
    heatmaps += rng.normal(0, 0.01, heatmaps.shape)
    tags += rng.normal(0, 0.1, tags.shape)
    return heatmaps.astype(np.float32), tags.astype(np.float32), keypoints


def found(poses, truth):
    """Return how many true people were found at 0.5 and at 0.75, and how many are spurious."""
    boxes = np.nanmax(truth, axis=1) - np.nanmin(truth, axis=1)
    areas = boxes.prod(axis=1)
    similarity = oks(poses.keypoints, truth, areas, COCO_17.sigmas, missing="zero")
    loose, strict = (match(similarity, poses.person_scores, bar) for bar in (0.5, 0.75))
    return np.array([(loose >= 0).sum(), (strict >= 0).sum(), (loose < 0).sum()])


def group(case):
    """The work that is timed."""
    return group_tags(case[0], case[1], COCO_17)


def peer():
    """Return the peer's name and its work on a scene; without PyTorch, None for the work."""
    try:
        import torch
        from torch.nn.functional import max_pool2d
    except ImportError:
        return "torch is not installed", None
    torch.set_num_threads(1)

    def work(case):
        maps = torch.from_numpy(case[0])[None]
        kept = maps * (max_pool2d(maps, 5, 1, 2) == maps)
        return torch.topk(kept.flatten(2), 30, dim=2)

    return f"torch {torch.__version__}, peaks only", work


def rows(gap=GAP, apart=APART):
    """Yield a `timing.Row` for every size: tags ``gap`` and people's centres ``apart``."""
    name, peer_work = peer()
    for side, people, dims in SIZES:
        cases = [
            scene(np.random.default_rng(seed), side, people, dims, gap, apart)
            for seed in range(SEEDS)
        ]
        first = first_call(lambda case=cases[0]: group(case))
        works = [group] + [peer_work] * (peer_work is not None)
        times = smallest_ms(*(lambda case=cases[0], work=work: work(case) for work in works))
        total = sum(found(group(case), case[2]) for case in cases)
        size = f"{people} on 17x{side}x{side}" + f"x{dims}" * (dims > 1)
        note = f"of {people * SEEDS}: {total[0]} at .5, {total[1]} at .75, {total[2]} spurious"
        yield Row("group_tags", size, first, times[0], name, (*times, np.nan)[1], note)


def main(argv=None):
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gap", type=float, default=GAP, help="distance of people's tags")
    parser.add_argument("--apart", type=float, default=APART, help="of people's centres, pixels")
    options = parser.parse_args(argv)
    print(machine())
    print_rows(rows(options.gap, options.apart))


if __name__ == "__main__":
    main()
