"""A video from file to file: ``python -m benchmarks.video --weights graph_opt.pb --video FILE``.

Decoding, the network, grouping, drawing, encoding and JSON, as `npkpose predict VIDEO` does them,
against the network alone, in turns: first the network on some frames, then the whole on as many.
The first three frames, which fill the queues between threads, are not counted. The bar is 1.15
times the network's own time. With ``--memory N`` the frames are repeated to N instead, the network
is a cheap one, and the memory of the process is printed on the way: it does not grow.
"""

import argparse
import itertools
import math
import pathlib
import statistics
import tempfile
import time

import numpy as np

from benchmarks.timing import machine

HEIGHT, FILL = 432, 3


def run_video(find, source, video, folder, count):
    """Write the drawn video and the JSON of ``count`` frames; yield after each."""
    from npkpose.image.draw import draw_poses
    from npkpose.results.people import PeopleFile
    from npkpose.results.video import VideoFile

    skeleton = find.model.skeleton
    drawn = VideoFile(folder / "drawn.mp4", video.rate, video.time_base)
    people = PeopleFile(folder / "people.json", skeleton, "")
    found = find.run(source)
    for n, (frame, poses) in enumerate(itertools.islice(found, count)):
        people.add(image_of(frame, n), poses)
        drawn.add(draw_poses(frame.image, poses, skeleton), n / float(video.rate))
        yield
    found.close()
    drawn.close()
    people.close()


def image_of(frame, n):
    from npkpose.results.image import Image

    return Image(n, "", frame.image.shape[1], frame.image.shape[0], frame.time)


def repeated(path):
    """Yield the frames of a video again and again."""
    from npkpose.sources import Video

    while True:
        with Video(path) as video:
            for frame in video:
                yield frame.image


def compare(find, path, frames, turns):
    """Yield (seconds of the network, of the whole) for each of ``frames``, once a turn."""
    from npkpose.sources import Video
    from npkpose.sources.ahead import read_ahead

    with Video(path) as video, tempfile.TemporaryDirectory() as folder:
        image = next(iter(video)).image
        x = find._prepare(image)[0]
        for _ in range(turns + 1):
            start = time.perf_counter()
            for _ in range(frames):
                find.model(x)
            middle = time.perf_counter()
            whole = run_video(find, repeated(path), video, pathlib.Path(folder), frames + FILL)
            ends = [time.perf_counter() for _ in read_ahead(whole, background=True)]
            yield (middle - start) / frames, (ends[-1] - ends[FILL - 1]) / frames


class Cheap:
    """A network of one product, so that thousands of frames take a minute."""

    def __init__(self, skeleton):
        self.skeleton, self.stride, self.size_multiple = skeleton, 16, 16
        self.thresholds = {}

    def eval(self):
        return self

    def preprocess(self, image):
        return image[None, ::16, ::16].astype(np.float32)

    def __call__(self, x):
        K, C = self.skeleton.num_keypoints, self.skeleton.num_paf_channels
        return np.zeros((1, K + 1, *x.shape[1:3]), np.float32), np.zeros((1, C, *x.shape[1:3]))

    def split(self, maps):
        return maps


def watch_memory(path, count):
    """Print the memory of this process while ``count`` frames are read, drawn and written."""
    from npkpose import OPENPOSE_18, BottomUp
    from npkpose.sources import Video
    from npkpose.sources.ahead import read_ahead

    with Video(path) as video, tempfile.TemporaryDirectory() as folder:
        find = BottomUp(Cheap(OPENPOSE_18), HEIGHT)
        frames = run_video(find, repeated(path), video, pathlib.Path(folder), count)
        for n, _ in enumerate(read_ahead(frames, background=True)):
            if n % (count // 10) == count // 10 - 1:
                print(f"frame {n + 1:5}: {resident_mb():.0f} MB", flush=True)


def resident_mb():
    """Return the memory of this process in MB; NaN where the system does not say it so."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096 / 1e6
    except OSError:
        return math.nan


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", help="graph_opt.pb of OpenPose on MobileNetV2")
    parser.add_argument("--video", required=True, help="of 720 rows, for the bar")
    parser.add_argument("--frames", type=int, default=15, help="in each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--memory", type=int, metavar="N", help="frames")
    options = parser.parse_args()
    print(machine())
    if options.memory:
        return watch_memory(options.video, options.memory)
    from npkpose.models import OpenPoseMobileNetV2
    from npkpose.pipeline import BottomUp

    find = BottomUp(OpenPoseMobileNetV2.from_file(options.weights))
    ratios = []
    for network, whole in compare(find, options.video, options.frames, options.turns):
        ms = f"network {1e3 * network:.1f} ms, whole {1e3 * whole:.1f} ms"
        ratios.append(whole / network)
        print(f"{ms}, {ratios[-1]:.3f}", flush=True)
    print(f"median ratio {statistics.median(ratios[1:] or ratios):.3f}, without the first turn")


if __name__ == "__main__":
    main()
