"""Decoding 64 people x 17 heatmaps, how fast and how right: ``python -m benchmarks.decode``.

Each map holds a Gaussian whose centre is uniform in [3, W - 4] x [3, H - 4] and whose height
is uniform in [0.5, 1], plus normal noise of 0.018 smoothed by a 3 x 3 Gaussian of sigma 0.8.
6 % of the maps hold noise alone and are left out of the errors, which are over three seeds. The
peers are NumPy's own argmax over the same maps and PyTorch's max: neither refines, nor looks at
borders, plateaus or pixels that are not finite.
"""

import numpy as np

from benchmarks.timing import Row, first_call, print_table, smallest_ms
from npkpose import decode_heatmaps, gaussian_heatmaps
from npkpose.codec.heatmap.decode import DARK_SPACING, REFINEMENTS

SEEDS = 3
SETTINGS = (  # size, sigma, blur kernel, refinements
    ((64, 48), 2.0, 11, (*REFINEMENTS, *DARK_SPACING)),
    ((96, 72), 3.0, 11, (*REFINEMENTS, *DARK_SPACING)),
    ((96, 72), 3.0, 17, DARK_SPACING),
)


def noisy_heatmaps(size, sigma, rng, people=64, keypoints=17):
    """Return float32 maps (N, K, H, W), their centres (N, K, 2), and which show one (N, K)."""
    height, width = size
    centres = rng.uniform(3, (width - 4, height - 4), (people, keypoints, 2))
    peaks = rng.uniform(0.5, 1, (people, keypoints))
    shown = rng.random((people, keypoints)) >= 0.06
    noise = smooth(smooth(rng.normal(0, 0.018, (people, keypoints, *size)), 2), 3)
    maps = gaussian_heatmaps(centres, size, sigma) * (peaks * shown)[..., None, None]
    return (maps + noise).astype(np.float32), centres, shown


def smooth(maps, axis):
    """Return maps blurred along one axis by three taps of a Gaussian of sigma 0.8."""
    weights = np.exp(-0.5 * (np.arange(-1, 2) / 0.8) ** 2)
    around = [(1, 1) if a == axis else (0, 0) for a in range(maps.ndim)]
    padded = np.pad(maps, around, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis)
    return windows @ (weights / weights.sum())


def errors(cases, decode):
    """Return the distances from the truth of all maps that show something."""
    return np.concatenate(
        [np.linalg.norm(decode(maps) - centres, axis=-1)[shown] for maps, centres, shown in cases]
    )


def torch_max(flat):
    """Return the second peer's name and work; without PyTorch, None for the work."""
    try:
        import torch
    except ImportError:
        return "torch is not installed", None
    torch.set_num_threads(1)
    maps = torch.from_numpy(flat)
    return f"torch {torch.__version__} max", lambda: maps.max(dim=1)


def rows():
    """Yield a `timing.Row` for every size and refinement."""
    for size, sigma, blur_kernel, refinements in SETTINGS:
        cases = [noisy_heatmaps(size, sigma, np.random.default_rng(seed)) for seed in range(SEEDS)]
        flat = cases[0][0].reshape(-1, size[0] * size[1])
        for refine in refinements:

            def decode(maps=cases[0][0]):
                return decode_heatmaps(maps, refine, blur_kernel=blur_kernel)[0]

            first = first_call(decode)
            name, peer = torch_max(flat) if refine == "argmax" else ("", None)
            works = [decode, lambda: flat.argmax(axis=1)] + [peer] * (peer is not None)
            ms, argmax_ms, *peer_ms = smallest_ms(*works)
            far = errors(cases, decode)
            note = f"mean {far.mean():.4f}, 95th percentile {np.percentile(far, 95):.4f} px"
            kernel = f"decode {refine}" + f" {blur_kernel}" * (refine in DARK_SPACING)
            shape = f"64x17x{size[0]}x{size[1]}"
            yield Row(kernel, shape, first, ms, "NumPy argmax alone", argmax_ms, note)
            if name:
                yield Row(kernel, shape, first, ms, name, (*peer_ms, np.nan)[0], note)


if __name__ == "__main__":
    print_table(__doc__, rows)
