"""The command ``npkpose track``: who is who in the frames of a video whose people were found."""

import pathlib

from npkpose._output import Outputs
from npkpose.cli.report import tell
from npkpose.cli.skeletons import find_skeleton
from npkpose.cli.terminal import noting, one_line, print_note
from npkpose.cli.unused import refuse_alone


def add_command(commands):
    """Add the command to argparse's subparsers."""
    track = commands.add_parser(
        "track", help="identities, smooth curves and filled gaps in found people over time",
        description="Give each person in a file of results an id that stays the same in all "
        "frames. Reads the JSON that predict writes for a video, COCO results and any other file "
        "that convert reads; writes the same form with track ids, or COCO results where the form "
        "has none. Detections without an identity, such as those seen in one frame only, are left "
        "out.",
        epilog="Frames are in the order of the image ids, numbers in names by value; frames that a "
        "file does not list have no people.",
    )  # fmt: skip
    add = track.add_argument
    add("results", metavar="RESULTS", help="file of found people")
    add("--fps", type=float, default=30.0, help="frames per second; default 30")
    add("--skeleton", metavar="NAME", help="of RESULTS, where the file does not say it")
    add("--smooth", action="store_true",
        help="smooth each person's keypoints, without lag")  # fmt: skip
    add("--cutoff", type=float, default=3.0, metavar="HZ",
        help="for --smooth: a motion of that frequency keeps half of its amplitude; default "
        "3")  # fmt: skip
    add("--fill", action="store_true",
        help="fill in short gaps; what is filled in is listed as filled")  # fmt: skip
    add("--max-gap", type=float, default=0.5, metavar="SECONDS",
        help="for --fill: the longest gap; default 0.5")  # fmt: skip
    add("--out", metavar="FILE", help="default NAME-tracked.json")
    track.set_defaults(run=_track, default_of=track.get_default)


def _track(options):
    """Track the people of a file and write it."""
    from npkpose.cli.track_files import read_recording

    if not options.smooth:
        refuse_alone(options, ["cutoff"], "--smooth")
    if not options.fill:
        refuse_alone(options, ["max_gap"], "--fill")
    out = options.out or f"{pathlib.Path(options.results).stem}-tracked.json"
    outputs = Outputs([options.results])
    outputs.check(out, suffixes=(".json",))
    skeleton = find_skeleton("--skeleton", options.skeleton)
    recording = noting("track", read_recording, options.results, skeleton)
    for note in recording.notes:
        print_note("track", note)
    results, first_id = [], 0
    for video in recording.videos:
        results.append(_track_video(video, recording.skeleton, options, first_id))
        first_id = max([first_id, *(int(ids.max(initial=0)) for ids in results[-1][0])])
    outputs.write(
        out, lambda path: noting("track", recording.write, path, results, options.fill)
    )
    _print(options, recording, results, out)
    return 0


def _track_video(video, skeleton, options, first_id):
    """Return the id of each detection, frames with identified people, and what is filled in."""
    from npkpose.tracking import fill_and_smooth, track_sequence

    frames, assigned = [], []
    for poses, ids in zip(
        video.frames, track_sequence(video.frames, skeleton, options.fps, video.times)
    ):
        found = poses[ids >= 0]
        found.ids = ids[ids >= 0] + first_id
        frames.append(found)
        assigned.append(ids + first_id * (ids >= 0))
    max_gap = options.max_gap if options.fill else None
    cutoff = options.cutoff if options.smooth else None
    return assigned, *fill_and_smooth(frames, options.fps, max_gap, cutoff, video.times)


def _print(options, recording, results, out):
    """Print what was found."""
    ids = [identity for assigned, _, _ in results for each in assigned for identity in each]
    frames = sum(len(assigned) for assigned, _, _ in results)
    filled = sum(int(mask.sum()) for _, _, masks in results for mask in masks)
    people, left_out = len(set(ids) - {-1}), sum(identity < 0 for identity in ids)
    text = f"{people} people in {frames} frames; {left_out} of {len(ids)} detections left out"
    text += f"; {filled} keypoints filled in" if options.fill else ""
    print(one_line(f"{options.results}: {text}"))
    print(one_line(f"wrote {out}"))
    tell(options, people=people, frames=frames, detections=len(ids), left_out=int(left_out),
         filled=filled, files=[str(out)], skeleton=recording.skeleton.name)  # fmt: skip
