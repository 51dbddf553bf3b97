"""A run of ``npkpose predict``: all photos, then each video, with one network."""

import pathlib
import warnings
from typing import NamedTuple

from npkpose._output import Outputs, make_folder
from npkpose.cli.boxes import read_boxes
from npkpose.cli.drawing_options import drawing_of
from npkpose.cli.finder import make_finder, make_pipeline
from npkpose.cli.photos import id_of_name, list_photos, name_videos
from npkpose.cli.predict_files import Plan, clear_results, result_paths
from npkpose.cli.predict_heatmaps import END, Heatmaps
from npkpose.cli.predict_inputs import Failures, list_inputs
from npkpose.cli.predict_photos import predict_photos
from npkpose.cli.predict_video import predict_video
from npkpose.cli.report import tell
from npkpose.cli.terminal import print_note
from npkpose.cli.unused import refuse_alone, refuse_unused

INTERRUPTED = 130


class Run(NamedTuple):
    """What photos and videos have in common."""

    options: object
    plan: Plan
    outputs: Outputs
    folder: pathlib.Path
    failed: Failures
    heatmaps: Heatmaps | None = None


def predict_sources(options, load_model, published=True):
    """Find people in all sources and write the files; return the exit status.

    A published network finds people: boxes of other categories are left out, and COCO results have
    COCO's keypoints if the network has them all. Other networks have keypoints of their own.
    """
    drawing_of(options)  # a wrong option is named before any work
    _refuse_unused(options)
    failed = Failures()
    inputs = list_inputs(options, failed)
    if not inputs.photos and inputs.videos:
        refuse_unused(options, ["fps"], "videos say it themselves")
    if options.heatmaps and inputs.videos:
        raise ValueError(f"--heatmaps: expected photos only, got the video {inputs.videos[0]}")
    boxes = _read_boxes(options, published, inputs.videos)
    ends = ("", END) if options.heatmaps else ("",)
    photos, notes = list_photos(inputs.photos, lambda path: _image_id(path, boxes), ends)
    if boxes is not None:
        boxes.check_photos([photo.path for photo in photos])
        notes += [f"{boxes.path}: boxes left out: {boxes.left_out}"] if boxes.left_out else []
    videos = name_videos(inputs.videos, photos)
    outputs = _check_outputs(options, photos, videos)
    model = load_model()
    pipeline = make_pipeline(model, options)
    heatmaps = Heatmaps(pipeline, options.model) if options.heatmaps else None
    for note in notes:
        print_note("predict", note)
    tracked = options.track or options.smooth
    plan = Plan(tuple(dict.fromkeys(options.format)), model.skeleton, published, tracked)
    run = Run(options, plan, outputs, make_folder(options.out), failed, heatmaps)
    return _predict_all(run, pipeline, photos, videos, boxes)


def _refuse_unused(options):
    """Raise ValueError for an option that the others leave without effect."""
    if options.no_drawings:
        names = "draw", "colours", "draw_score", "line_width", "trails"
        refuse_unused(options, names, "--no-drawings is given")
    if not (options.track or options.smooth):
        refuse_alone(options, ["trails", "fps"], "--track or --smooth")


def _predict_all(run, pipeline, photos, videos, boxes):
    """Find people in the photos, then in each video; return the exit status."""
    status = 0
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # of large or slightly damaged images
        try:
            if photos:
                predict_photos(run, make_finder(pipeline, boxes), photos)
            for path, name in videos.items():
                predict_video(run, pipeline, path, name)
        except KeyboardInterrupt:  # what was found so far is written
            status = INTERRUPTED
    if run.failed.names and len(photos) + len(videos) > 1:
        run.failed.print_list()
        tell(run.options, failed=list(run.failed.names))
    return status or int(bool(run.failed.names))


def _read_boxes(options, published, videos):
    """Return the boxes of --boxes, or None."""
    if options.boxes is None:
        return None
    if videos:
        raise ValueError(f"--boxes: expected photos only, got the video {videos[0]}")
    return read_boxes(options.boxes, options.category, any_category=not published)


def _image_id(path, boxes):
    """Return the id of a photo: that of the file of boxes, or else its name."""
    known = None if boxes is None else boxes.image_id(path)
    return id_of_name(path) if known is None else known


def _check_outputs(options, photos, videos):
    """Return the `Outputs` of the run; ValueError if one of its files must not be replaced."""
    inputs = [*[photo.path for photo in photos], *videos, options.list, options.weights,
              options.boxes, options.detector]  # fmt: skip
    outputs = Outputs([path for path in inputs if path is not None])
    folder = pathlib.Path(options.out)
    if folder.exists():  # or else it is made when the network is loaded, and is empty
        make_folder(options.out)
        suffixes = [".json"] * ("json" in options.format) + [".png"] * (not options.no_drawings)
        suffixes += [f"{END}.png"] * options.heatmaps
        for photo in photos:
            for suffix in suffixes:
                outputs.check(folder / f"{photo.name}{suffix}")
        for video in ([None] if photos else []) + list(videos.values()):
            clear_results(outputs, result_paths(folder, options.format, video), "check")
            if video is not None and not options.no_drawings:
                outputs.check(folder / f"{video}.mp4")
    return outputs
