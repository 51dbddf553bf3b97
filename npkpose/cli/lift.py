"""The command ``npkpose lift``: a sequence of keypoints to poses in space."""

import pathlib

from npkpose._output import Outputs
from npkpose.cli.inputs import INPUTS


def add_command(commands):
    """Add the command to argparse's subparsers."""
    lift = commands.add_parser(
        "lift", help="poses in space from a sequence of one person's keypoints",
        description="Lift the keypoints of one person, one row per frame, to poses in space: with "
        "VideoPose3D or MHFormer in metres from the root joint, in the camera's frame; with the "
        "simple baseline in the unit of its training set.",
        epilog=INPUTS + " From COCO results, the person with the highest score in each image is "
        "used; images are frames in the order of their ids.",
    )  # fmt: skip
    add = lift.add_argument
    add("keypoints", metavar="KEYPOINTS", help="of all frames: (F, K, 2 or 3)")
    add("--weights", required=True, help="of VideoPose3D, MHFormer or the simple baseline")
    add("--size", type=float, nargs=2, metavar=("WIDTH", "HEIGHT"), help="of the images, in pixels")
    add("--normalisation", metavar="FILE.npz",
        help="of the simple baseline: mean_2d, std_2d (K, 2), mean_3d, std_3d (K', 3)")  # fmt: skip
    add("--from-coco", action="store_true",
        help="convert COCO's 17 keypoints to Human3.6M's, approximately")  # fmt: skip
    add("--causal", action="store_true", help="VideoPose3D is causal: it sees no later frames")
    add("--out", metavar="FILE", help=".npz or .json; default KEYPOINTS-3d.npz")
    lift.set_defaults(run=_lift)


def _lift(options):
    """Lift a sequence and write the poses."""
    import numpy as np

    from npkpose.space.files import write_arrays
    from npkpose.space.sequence import coco_to_h36m, fill_gaps

    out = options.out or pathlib.Path(options.keypoints).with_suffix("").name + "-3d.npz"
    inputs = options.keypoints, options.weights, options.normalisation
    outputs = Outputs([path for path in inputs if path is not None])
    outputs.check(out, suffixes=(".npz", ".json"))
    keypoints = _read_sequence(options.keypoints)
    num_missing = int(np.isnan(keypoints[..., 0]).sum())
    keypoints = fill_gaps(keypoints)
    if options.from_coco:
        keypoints = coco_to_h36m(keypoints)
    name, poses, unit = _lift_keypoints(keypoints, options)
    outputs.write(out, lambda path: write_arrays(path, {"poses": poses}))
    filled = f", {num_missing} missing keypoints filled in" if num_missing else ""
    print(f"{name}: {len(poses)} frames of {poses.shape[1]} joints, {unit}{filled}")
    print(f"wrote {out}: poses (frames, joints, 3)")
    return 0


def _read_sequence(path):
    """Return one person's keypoints (F, K, 2), NaN where missing."""
    import numpy as np

    from npkpose.space.files import read_keypoints, read_people

    people = read_people(path)
    if people == {}:
        raise ValueError(f"{path}: expected at least one person, got none")
    if people is not None:
        best = [poses.keypoints[poses.person_scores.argmax()] for poses in people.values()]
        return np.stack(best)
    keypoints, _ = read_keypoints(path)
    if keypoints.ndim != 3:
        raise ValueError(f"{path}: expected one person's (F, K, 2 or 3), got {keypoints.shape}")
    return keypoints


def _lift_keypoints(keypoints, options):
    """Return the name of the network, its poses (F, J, 3), and their unit."""
    from npkpose.models.lifting.pretrained import load_lifter
    from npkpose.models.lifting.simple_baseline_3d import Simple3D

    model = load_lifter(options.weights, options.causal)
    name = type(model).__name__
    if isinstance(model, Simple3D):
        return name, model.lift(keypoints, _normalisation(options)), "the training set's unit"
    if options.size is None:
        raise ValueError("--size: expected width and height of the images, got none")
    return name, model.lift(keypoints, options.size), "m"


def _normalisation(options):
    """Return the simple baseline's means and standard deviations."""
    import numpy as np

    from npkpose.models.lifting.simple_baseline_3d import Normalisation

    if options.normalisation is None:
        raise ValueError("--normalisation: expected a file, for the simple baseline, got none")
    with np.load(options.normalisation, allow_pickle=False) as stored:
        missing = [name for name in Normalisation._fields if name not in stored.files]
        if missing:
            raise ValueError(f"{options.normalisation}: expected the array {missing[0]}, got none")
        return Normalisation(*(stored[name] for name in Normalisation._fields))
