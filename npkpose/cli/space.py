"""Commands that go into space: ``npkpose lift`` and ``npkpose triangulate``."""

import pathlib

INPUTS = """Files of keypoints: .npy, or .npz with an array "keypoints", (..., K, 2) of (x, y) in
pixels or (..., K, 3) of (x, y, score); .json with the same as nested lists (null: absent), or COCO
results. NaN, null and a score of 0 mean that a keypoint is absent."""


def add_commands(commands):
    """Add both to argparse's subparsers."""
    _add_lift(commands)
    _add_triangulate(commands)


def _add_lift(commands):
    lift = commands.add_parser(
        "lift", help="a film of one person, from keypoints to poses in space",
        description="Lift the keypoints of one person, a row per frame, to poses in space: with "
        "VideoPose3D or MHFormer in metres from the root joint, in the camera's frame; with the "
        "simple baseline in the unit of its training set.",
        epilog=INPUTS + " Of COCO results the person of the highest score in each image counts; "
        "images are frames in the order of their ids.",
    )  # fmt: skip
    lift.add_argument("keypoints", metavar="KEYPOINTS", help="of the frames: (F, K, 2 or 3)")
    lift.add_argument(
        "--weights", required=True, help="of VideoPose3D, MHFormer or the simple baseline"
    )
    lift.add_argument(
        "--size",
        type=float,
        nargs=2,
        metavar=("WIDTH", "HEIGHT"),
        help="of the pictures, in pixels",
    )
    lift.add_argument(
        "--normalisation", metavar="FILE.npz",
        help="of the simple baseline: mean_2d, std_2d (K, 2), mean_3d, std_3d (K', 3)",
    )  # fmt: skip
    lift.add_argument(
        "--from-coco", action="store_true",
        help="the file has COCO's 17 keypoints and the network wants Human3.6M's, which are "
        "made of them, about",
    )  # fmt: skip
    lift.add_argument("--causal", action="store_true", help="of VideoPose3D: looks back alone")
    lift.add_argument("--out", metavar="FILE", help=".npz or .json; default KEYPOINTS-3d.npz")
    lift.set_defaults(run=_lift)


def _add_triangulate(commands):
    triangulate = commands.add_parser(
        "triangulate", help="points that several cameras see, in space",
        description="Triangulate what several calibrated cameras see at the same instants. Arrays "
        "of one shape (..., K, 2 or 3): point by point. COCO results: people too, who are told "
        "apart by geometry; the same image_id in two files is the same instant.",
        epilog=INPUTS,
    )  # fmt: skip
    triangulate.add_argument(
        "calibration", metavar="CALIBRATION.json",
        help='{"cameras": [{"name", "K", "distCoef", "R", "t"}, ...]} as of Panoptic (cm), or '
        "as of Shelf and Campus (mm), or of Human3.6M (m): see npkpose.space.files",
    )  # fmt: skip
    triangulate.add_argument("views", nargs="+", metavar="KEYPOINTS", help="one file per camera")
    triangulate.add_argument(
        "--cameras", metavar="NAMES", help="of the files, with commas; default: all, in order"
    )
    triangulate.add_argument(
        "--threshold", type=float, default=15.0, metavar="PIXELS",
        help="views farther off than this are left out, and people farther apart not joined",
    )  # fmt: skip
    triangulate.add_argument(
        "--all-views", action="store_true", help="leave no view out (arrays only)"
    )
    triangulate.add_argument(
        "--min-views", type=int, default=2, help="that must show a person (COCO results only)"
    )
    triangulate.add_argument("--out", default="points-3d.npz", metavar="FILE", help=".npz or .json")
    triangulate.set_defaults(run=_triangulate)


def _lift(options):
    """Lift a film, and write the poses."""
    import numpy as np

    from npkpose.models.lifting.pretrained import load_lifter
    from npkpose.models.lifting.simple_baseline_3d import Simple3D
    from npkpose.space.files import write_arrays
    from npkpose.space.sequence import coco_to_h36m, fill_gaps

    keypoints = _film(options.keypoints)
    absent = int(np.isnan(keypoints[..., 0]).sum())
    keypoints = fill_gaps(keypoints)
    if options.from_coco:
        keypoints = coco_to_h36m(keypoints)
    model = load_lifter(options.weights, options.causal)
    if isinstance(model, Simple3D):
        poses, unit = model.lift(keypoints, _normalisation(options)), "the training set's unit"
    elif options.size is None:
        raise ValueError("--size: expected the pictures' width and height, got none")
    else:
        poses, unit = model.lift(keypoints, options.size), "m"
    out = options.out or pathlib.Path(options.keypoints).with_suffix("").name + "-3d.npz"
    write_arrays(out, {"poses": poses})
    filled = f", {absent} absent keypoints filled in" if absent else ""
    print(f"{type(model).__name__}: {len(poses)} frames of {poses.shape[1]} joints, {unit}{filled}")
    print(f"wrote {out}: poses (frames, joints, 3)")
    return 0


def _film(path):
    """Return one person's keypoints (F, K, 2), NaN where absent."""
    import numpy as np

    from npkpose.space.files import read_keypoints, read_people

    people = read_people(path)
    if people == {}:
        raise ValueError(f"{path}: expected somebody in some image, got nobody")
    if people is not None:
        best = [poses.keypoints[poses.person_scores.argmax()] for poses in people.values()]
        return np.stack(best)
    keypoints, _ = read_keypoints(path)
    if keypoints.ndim != 3:
        raise ValueError(f"{path}: expected one person's (F, K, 2 or 3), got {keypoints.shape}")
    return keypoints


def _normalisation(options):
    """Return the simple baseline's means and deviations."""
    import numpy as np

    from npkpose.models.lifting.simple_baseline_3d import Normalisation

    if options.normalisation is None:
        raise ValueError("--normalisation: expected a file, for the simple baseline, got none")
    with np.load(options.normalisation, allow_pickle=False) as stored:
        missing = [name for name in Normalisation._fields if name not in stored.files]
        if missing:
            raise ValueError(f"{options.normalisation}: expected the array {missing[0]}, got none")
        return Normalisation(*(stored[name] for name in Normalisation._fields))


def _triangulate(options):
    """Triangulate keypoints or people, and write the points."""
    from npkpose.space.files import read_people, write_arrays

    cameras = _cameras(options)
    views = [read_people(path) for path in options.views]
    if all(view is None for view in views):
        arrays = _triangulate_arrays(options, cameras)
    elif any(view is None for view in views):
        raise ValueError("KEYPOINTS: expected COCO results of every view or of none")
    else:
        arrays = _triangulate_people(options, cameras, views)
    write_arrays(options.out, {**arrays, "unit": cameras[0].unit})
    _report(options.out, arrays, cameras[0].unit)
    return 0


def _cameras(options):
    """Return the cameras of the views, in order."""
    from npkpose.space.files import read_cameras

    cameras = read_cameras(options.calibration)
    names = list(cameras) if options.cameras is None else options.cameras.split(",")
    for name in names:
        if name not in cameras:
            known = ", ".join(list(cameras)[:8]) + " and so on" * (len(cameras) > 8)
            raise ValueError(f"--cameras: expected some of {known}, got {name!r}")
    if len(names) != len(options.views):
        raise ValueError(
            f"KEYPOINTS: expected {len(names)} files, one per camera (see --cameras), "
            f"got {len(options.views)}"
        )
    return [cameras[name] for name in names]


def _triangulate_arrays(options, cameras):
    import numpy as np

    from npkpose.space.files import read_keypoints
    from npkpose.space.triangulate import triangulate

    views = [read_keypoints(path) for path in options.views]
    for path, (keypoints, _) in zip(options.views, views):
        if keypoints.shape != views[0][0].shape:
            wanted, got = views[0][0].shape, keypoints.shape
            raise ValueError(f"{path}: expected {wanted}, the first view's shape, got {got}")
    pixels, weights = (np.stack(parts) for parts in zip(*views))
    robust = not options.all_views
    found = triangulate(pixels, cameras, weights, robust, threshold=options.threshold)
    return found._asdict()


def _triangulate_people(options, cameras, views):
    """Return the arrays of everybody, instant after instant."""
    import numpy as np

    from npkpose.poses import Poses
    from npkpose.space.associate import associate, triangulate_people

    parts = {poses.keypoints.shape[1] for view in views for poses in view.values()}
    if len(parts) != 1:
        raise ValueError(f"KEYPOINTS: expected people of one number of keypoints, got {parts}")
    nobody, rows = Poses.empty(*parts), []
    for image_id in dict.fromkeys(image_id for view in views for image_id in view):
        people = [view.get(image_id, nobody) for view in views]
        members = associate(people, cameras, options.threshold, options.min_views)
        found = triangulate_people(people, cameras, members, options.threshold)._asdict()
        found["used"] = found["used"].swapaxes(0, 1)  # (P, V, K)
        ids = np.array([image_id] * len(members))
        rows.append({"image_id": ids, "members": members, **found})
    rows = [row for row in rows if len(row["members"])] or rows[:1]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def _report(out, arrays, unit):
    import numpy as np

    points, errors = arrays["points"], arrays["errors"]
    shape = " x ".join(str(length) for length in points.shape[:-1])
    people = ""
    if "image_id" in arrays:
        people = f"{len(points)} people at {len(set(arrays['image_id'].tolist()))} instants, "
    placed = np.isfinite(errors)
    middle = f", {np.median(errors[placed]):.2f} px off in the middle" if placed.any() else ""
    print(f"{people}{shape} keypoints, {placed.sum()} with a place in {unit}{middle}")
    print(f"wrote {out}: {', '.join(arrays)}")
