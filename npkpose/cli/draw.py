"""The command ``npkpose draw``: the people of a file of results on their photos or video."""

import os
import pathlib

from npkpose._output import Outputs, make_folder
from npkpose.cli.drawing_options import add_drawing_options, drawing_of
from npkpose.cli.photos import id_of_name, list_photos, name_videos
from npkpose.cli.report import tell
from npkpose.cli.skeletons import find_skeleton
from npkpose.cli.terminal import noting, one_line


def add_command(commands):
    """Add the command to argparse's subparsers."""
    draw = commands.add_parser(
        "draw", help="draw the people of a file on their photos or video",
        description="Draw the people of a file of results, such as predict and track write it, on "
        "photos (NAME.png) and videos (NAME.mp4). Of a video, the ids of the file's images are the "
        "numbers of the frames. A photo is found by its file name, or its name is the id.",
    )  # fmt: skip
    add = draw.add_argument
    add("results", metavar="RESULTS",
        help="file of people, of any format that npkpose convert reads")  # fmt: skip
    add("sources", metavar="SOURCE", nargs="+",
        help="photo, video, folder of these, or pattern")  # fmt: skip
    add("--skeleton", metavar="NAME", help="of RESULTS, where the file does not say it")
    add("--out", default="npkpose-draw", metavar="FOLDER",
        help="folder of all files that are written; default npkpose-draw")  # fmt: skip
    add_drawing_options(draw, trails=True)
    draw.set_defaults(run=_draw)


def _draw(options):
    """Draw on every source; return the exit status."""
    from npkpose.io import read
    from npkpose.sources.paths import list_files

    drawing_of(options)  # a wrong option is named before any work
    skeleton = find_skeleton("--skeleton", options.skeleton)
    labels = noting("draw", lambda: read(options.results, skeleton=skeleton))
    if options.trails and "track_ids" not in labels.fields:
        raise ValueError("--trails: expected RESULTS with track ids (see npkpose track), got none")
    paths = [path for source in options.sources for path in list_files(source)]
    people = _People(options.results, labels)
    for path in paths:
        os.stat(path)  # a missing file is named
        people.check(path)
    targets, outputs = _list_targets(paths, options.out), Outputs([options.results, *paths])
    for _, target, _ in targets:
        outputs.check(target)
    draw_next = drawing_of(options)
    for path, target, draw in targets:
        if draw is _draw_video:
            draw_next = drawing_of(options)  # trails begin with the video
        text = draw(path, target, people, draw_next, outputs)
        print(one_line(f"{path}: {text}, {target}"), flush=True)
    tell(options, files=[str(target) for _, target, _ in targets])
    return 0


def _list_targets(paths, out):
    """Make the folder; return the path, the file to write, and how, of each photo and video."""
    from npkpose.sources.paths import is_video

    folder = make_folder(out)
    photos, _ = list_photos([path for path in paths if not is_video(path)], id_of_name)
    videos = name_videos([path for path in paths if is_video(path)], photos)
    targets = [(photo.path, folder / f"{photo.name}.png", _draw_photo) for photo in photos]
    return targets + [
        (path, folder / f"{name}.mp4", _draw_video) for path, name in videos.items()
    ]


class _People:
    """The people of a file's images, by the name of a photo or the number of a frame."""

    def __init__(self, name, labels):
        self.name, self.labels, self.skeleton = name, labels, labels.skeleton
        self._by_id = {image.id: i for i, image in enumerate(labels.images)}
        self._by_name = {}
        for i, image in enumerate(labels.images):
            name = (image.file_name or str(image.id)).replace("\\", "/")
            self._by_name.setdefault(pathlib.PurePosixPath(name).stem, []).append(i)

    def check(self, path):
        """Raise ValueError if the file has no image of a photo, or no frame numbers."""
        from npkpose.sources.paths import is_video

        numbered = any(isinstance(image_id, int) for image_id in self._by_id)
        if (self._by_id and not numbered) if is_video(path) else self._row(path) is None:
            some = ", ".join(repr(image_id) for image_id in list(self._by_id)[:3]) or "none"
            raise ValueError(f"{self.name}: expected people of {path}, got the images {some}")

    def of_photo(self, path):
        """Return the `Poses` of a photo."""
        return self.labels.of_image(self._row(path))

    def of_frame(self, number):
        """Return the `Poses` of a frame; the file may have no people there."""
        from npkpose.poses import Poses

        row = self._by_id.get(number)
        if row is None:
            return Poses.empty(self.skeleton.num_keypoints)
        return self.labels.of_image(row)

    def _row(self, path):
        """Return the number of a photo's image, or None."""
        rows = self._by_name.get(pathlib.PurePath(path).stem, [])
        if len(rows) > 1:
            raise ValueError(f"{self.name}: expected one image of {path}, got {len(rows)}")
        return rows[0] if rows else self._by_id.get(id_of_name(path))


def _draw_photo(path, target, people, draw, outputs):
    """Write a photo with its people; return how many they are, in words."""
    from npkpose.image.files import read_image, write_image

    poses = people.of_photo(path)
    drawn = draw(read_image(path), poses, people.skeleton)
    outputs.write(target, lambda file: write_image(file, drawn))
    return "1 person" if len(poses) == 1 else f"{len(poses)} people"


def _draw_video(path, target, people, draw, outputs):
    """Write a video with its people; return how many frames it has, in words."""
    from npkpose.cli.predict_files import ResultFiles
    from npkpose.cli.predict_video import frame_bar
    from npkpose.results.video import VideoFile
    from npkpose.sources import Video

    count = 0
    with Video(path) as video, ResultFiles(outputs) as files, frame_bar(video) as show:
        arguments = video.rate, video.time_base, video.aspect
        film = files.open(target, lambda temporary: VideoFile(temporary, *arguments))
        for frame in video:
            film.add(draw(frame.image, people.of_frame(frame.index), people.skeleton), frame.time)
            count += 1
            show()
    return "1 frame" if count == 1 else f"{count} frames"
