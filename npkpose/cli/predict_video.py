"""A video of ``npkpose predict``: people found in each frame, and the files that are written."""

import time
from contextlib import closing, contextmanager

from npkpose.cli.drawing_options import drawing_of
from npkpose.cli.predict_files import ResultFiles, clear_results, result_paths
from npkpose.cli.predict_tracks import make_follower
from npkpose.cli.report import tell
from npkpose.cli.terminal import one_line, print_note
from npkpose.results.image import Image
from npkpose.results.video import VideoFile
from npkpose.sources import Video
from npkpose.sources.ahead import read_ahead


def predict_video(run, pipeline, path, name):
    """Find people in each frame of the video at ``path`` and write the files, called ``name``.

    Also after Ctrl-C, which is raised again, the files hold the frames so far, and the drawn video
    can be played.
    """
    paths, drawn = result_paths(run.folder, run.plan.formats, name), run.folder / f"{name}.mp4"
    clear_results(run.outputs, paths)
    if run.options.no_drawings:
        drawn = None
    else:
        run.outputs.remove(drawn)
    try:
        with Video(path) as video:
            frames = _Frames(run, video, name)
            frames.write(pipeline, paths, drawn)
    except (ValueError, OSError, MemoryError) as error:
        run.failed(path, error)


class _Frames:
    """The frames of one video: how many, and how many people."""

    def __init__(self, run, video, name):
        self.run, self.video, self.name = run, video, name
        self.count = self.people = 0
        self.follow = make_follower(run.options, run.plan.skeleton, float(video.rate))
        self.draw = drawing_of(run.options)

    def write(self, pipeline, paths, drawn):
        """Write the people of all frames to {format: path}, and the video ``drawn``, or None."""
        start = time.perf_counter()
        try:
            with ResultFiles(self.run.outputs) as files, frame_bar(self.video) as show:
                written = self._write_each(pipeline, files, paths, drawn)
                with closing(read_ahead(written, background=True)) as written:
                    for _ in written:
                        show()
        except KeyboardInterrupt:
            text = f"{self.video.path}: interrupted after {_count(self.count, 'frame')}"
            print_note("predict", text)
            raise
        finally:
            if self.count:
                self._print(paths, drawn, time.perf_counter() - start)

    def _write_each(self, pipeline, files, paths, drawn):
        """Write the people of each frame, and yield."""
        film = None
        with closing(pipeline.run(self.video, self.run.failed)) as found:
            for frame, poses in found:
                if self.count == 0:
                    files.open_all(paths, self.run.plan, self.video.path)
                    film = None if drawn is None else self._open_drawn(files, drawn)
                poses = self.follow(poses, frame.time)
                files.add(self._describe(frame), poses)
                if film is not None:
                    image = self.draw(frame.image, poses, self.run.plan.skeleton)
                    film.add(image, frame.time)
                self.count, self.people = self.count + 1, self.people + len(poses)
                yield

    def _describe(self, frame):
        height, width = frame.image.shape[:2]
        name = f"{self.name}_{frame.index:012d}"  # as OpenPose names its files
        return Image(frame.index, name, width, height, frame.time)

    def _open_drawn(self, files, path):
        video = self.video
        if video.has_audio:
            print_note("predict", f"{video.path}: the sound is left out of the drawn video")
        arguments = video.rate, video.time_base, video.aspect
        return files.open(path, lambda temporary: VideoFile(temporary, *arguments))

    def _print(self, paths, drawn, seconds):
        """Say what was found and written."""
        frames, people = _count(self.count, "frame"), self.people / self.count
        written = [str(path) for path in (drawn, *paths.values()) if path is not None]
        text = f"{self.video.path}: {frames}, {people:.1f} people in each, "
        speed = f"{self.count / seconds:.1f} frames per second"
        print(one_line(f"{text}{speed}: {', '.join(written)}"), flush=True)
        facts = {"file": self.video.path, "frames": self.count, "people": self.people}
        tell(self.run.options, videos=[facts | {"seconds": seconds, "written": written}])


def _count(count, noun):
    return f"{count} {noun}{'s' * (count != 1)}"


@contextmanager
def frame_bar(video):
    """Yield a function to call after each frame: a progress bar on a terminal that has tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield lambda: None
        return
    with tqdm(total=video.count, unit=" frames", desc=video.path, disable=None, leave=False) as bar:
        yield bar.update
