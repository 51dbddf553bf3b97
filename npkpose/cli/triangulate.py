"""The command ``npkpose triangulate``: keypoints of several cameras to points in space."""

from npkpose._check import check_number
from npkpose._output import Outputs
from npkpose.cli.inputs import INPUTS
from npkpose.cli.report import tell
from npkpose.cli.terminal import one_line, print_note
from npkpose.cli.unused import refuse_unused


def add_command(commands):
    """Add the command to argparse's subparsers."""
    triangulate = commands.add_parser(
        "triangulate", help="points in space from keypoints of several cameras",
        description="Triangulate keypoints that several calibrated cameras see at the same times. "
        "Arrays of one shape (..., K, 2 or 3): point by point. COCO results: the people of all "
        "views are matched by geometry; an image_id is the same time in all files.",
        epilog=INPUTS,
    )  # fmt: skip
    add = triangulate.add_argument
    add("calibration", metavar="CALIBRATION.json",
        help='{"cameras": [{"name", "K", "distCoef", "R", "t"}, ...]} as of Panoptic (cm), or '
        "as of Shelf and Campus (mm), or of Human3.6M (m), or with a key \"unit\": see "
        "npkpose.space.files")  # fmt: skip
    add("views", nargs="*", metavar="KEYPOINTS",
        help="one file per camera; none: print the names of the cameras")  # fmt: skip
    add("--cameras", metavar="NAMES",
        help="of the files, separated by commas; default: all, in order")  # fmt: skip
    add("--unit", choices=("mm", "cm", "m"),
        help="of the calibration; default: what it says, or that of its form")  # fmt: skip
    add("--threshold", type=float, default=15.0, metavar="PIXELS",
        help="largest distance of a view that is used, and of people who are matched; "
        "default 15")  # fmt: skip
    add("--all-views", action="store_true", help="use every view, also distant ones (arrays only)")
    add("--min-views", type=int, metavar="NUMBER",
        help="views in which a person must be found (COCO results only); default 2")  # fmt: skip
    add("--out", default="points-3d.npz", metavar="FILE",
        help=".npz or .json; default points-3d.npz")  # fmt: skip
    triangulate.set_defaults(run=_triangulate, default_of=triangulate.get_default)


def _triangulate(options):
    """Triangulate keypoints or people, and write the points."""
    from npkpose.cli.found_people import read_people
    from npkpose.space.files import write_arrays

    if not options.views:
        names = "cameras", "threshold", "all_views", "min_views", "out"
        refuse_unused(options, names, "the names of the cameras are printed without KEYPOINTS")
        return _print_cameras(options)
    if options.all_views:
        refuse_unused(options, ["threshold"], "--all-views uses every view")
    check_number("threshold", options.threshold, above=0)
    outputs = Outputs([options.calibration, *options.views])
    outputs.check(options.out, suffixes=(".npz", ".json"))
    cameras = _read_cameras(options)
    views = [read_people(path)[0] for path in options.views]
    if all(view is None for view in views):
        if options.min_views is not None:
            raise ValueError("--min-views: expected none, since KEYPOINTS are arrays")
        arrays = _triangulate_arrays(options, cameras)
    elif any(view is None for view in views):
        raise ValueError("KEYPOINTS: expected COCO results of every view or of none")
    else:
        _check_people_options(options)
        arrays = _triangulate_people(options, cameras, views)
    arrays_and_unit = {**arrays, "unit": cameras[0].unit}
    outputs.write(options.out, lambda path: write_arrays(path, arrays_and_unit))
    _print_summary(options, arrays, cameras[0].unit)
    return 0


def _print_cameras(options):
    """Print the names of the cameras, one a line."""
    from npkpose.space.files import read_cameras

    for name in read_cameras(options.calibration, options.unit):
        print(one_line(name))
    return 0


def _check_people_options(options):
    """Raise ValueError for an option that does not fit the people of COCO results."""
    count = len(options.views)
    if options.all_views:
        raise ValueError("--all-views: expected none, since KEYPOINTS are COCO results")
    if options.min_views is None:
        options.min_views = 2
    if not 1 <= options.min_views <= count:
        raise ValueError(f"--min-views: expected 1 to {count}, got {options.min_views}")


def _read_cameras(options):
    """Return the cameras of the views, in order."""
    from npkpose.space.files import read_cameras

    cameras = read_cameras(options.calibration, options.unit)
    names = list(cameras) if options.cameras is None else options.cameras.split(",")
    for name in names:
        if name not in cameras:
            known = ", ".join(list(cameras)[:8]) + " and so on" * (len(cameras) > 8)
            raise ValueError(f"--cameras: expected some of {known}, got {name!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"--cameras: expected different cameras, got {options.cameras}")
    if len(names) != len(options.views):
        raise ValueError(
            f"KEYPOINTS: expected {len(names)} files, one per camera (see --cameras; without "
            f"files, their names are printed), got {len(options.views)}"
        )
    if len(names) < 2:
        raise ValueError("KEYPOINTS: expected at least 2 views, got 1")
    return [cameras[name] for name in names]


def _triangulate_arrays(options, cameras):
    """Return the arrays of points, one by one."""
    import numpy as np

    from npkpose.space.files import read_keypoints
    from npkpose.space.triangulate import triangulate

    views = [read_keypoints(path) for path in options.views]
    for path, (keypoints, _) in zip(options.views, views):
        if keypoints.shape != views[0][0].shape:
            expected, got = views[0][0].shape, keypoints.shape
            raise ValueError(f"{path}: expected {expected}, the first view's shape, got {got}")
    pixels, weights = (np.stack(parts) for parts in zip(*views))
    robust = not options.all_views
    return triangulate(pixels, cameras, weights, robust, threshold=options.threshold)._asdict()


def _triangulate_people(options, cameras, views):
    """Return the arrays of all people, one time after another."""
    import numpy as np

    from npkpose.poses import Poses
    from npkpose.space.people_files import match_images

    lengths = {poses.keypoints.shape[1] for view in views for poses in view.values()}
    if not lengths:
        raise ValueError("KEYPOINTS: expected at least one person, got none")
    if len(lengths) != 1:
        raise ValueError(f"KEYPOINTS: expected people of one number of keypoints, got {lengths}")
    nobody, rows = Poses.empty(*lengths), []
    for image_id in match_images(options.views, views):
        people = [view.get(image_id, nobody) for view in views]
        rows.append(_triangulate_at(image_id, people, cameras, options))
    rows = [row for row in rows if len(row["members"])] or rows[:1]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def _triangulate_at(image_id, people, cameras, options):
    """Return the arrays of the people at one time, given the `Poses` of each view."""
    import numpy as np

    from npkpose.space.associate import associate, triangulate_people

    members = associate(people, cameras, options.threshold, options.min_views)
    found = triangulate_people(people, cameras, members, options.threshold)._asdict()
    found["used"] = found["used"].swapaxes(0, 1)  # (P, V, K)
    return {"image_id": np.array([image_id] * len(members)), "members": members, **found}


def _print_summary(options, arrays, unit):
    import numpy as np

    points, errors = arrays["points"], arrays["errors"]
    shape = " x ".join(str(length) for length in points.shape[:-1])
    people = ""
    if "image_id" in arrays:
        people = f"{len(points)} people at {len(set(arrays['image_id'].tolist()))} times, "
    found = np.isfinite(errors)
    if not found.any():
        print_note("triangulate", "nothing is triangulated: no two views agree (see --threshold)")
    median = f", median error {np.median(errors[found]):.2f} px" if found.any() else ""
    print(f"{people}{shape} keypoints, {found.sum()} of them triangulated, in {unit}{median}")
    print(f"wrote {options.out}: {', '.join(arrays)}")
    tell(options, triangulated=int(found.sum()), unit=unit, files=[str(options.out)])
