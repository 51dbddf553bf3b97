"""The command ``npkpose lift``: a sequence of keypoints to poses in space."""

import pathlib

from npkpose._output import Outputs
from npkpose.cli.inputs import INPUTS
from npkpose.cli.report import tell
from npkpose.cli.terminal import print_note

COCO_KEYPOINTS = 17


def add_command(commands):
    """Add the command to argparse's subparsers."""
    lift = commands.add_parser(
        "lift", help="poses in space from a sequence of one person's keypoints",
        description="Lift the keypoints of one person, one row per frame, to poses in space: with "
        "VideoPose3D or MHFormer in metres from the root joint, in the camera's frame; with the "
        "simple baseline in the unit of its training set. Writes the arrays poses (frames, joints, "
        "3), filled (frames), which is true where the person is missing, and image_id, if there "
        "are any.",
        epilog=INPUTS + " From COCO results, one person is followed: by track_id, if there are "
        "any, or else by distance. Frames are in the order of the image ids, numbers in names by "
        "value; missing ones are filled in. Their keypoints are COCO's, and are converted to "
        "Human3.6M's, approximately. So are the files NAME.json of predict, one per photo, or one "
        "of a video; `npkpose track` gives its people identities.",
    )  # fmt: skip
    add = lift.add_argument
    add("keypoints", metavar="KEYPOINTS", nargs="+",
        help="file of all frames, (F, K, 2 or 3) or COCO results; or predict's files of all "
        "photos")  # fmt: skip
    add("--model", metavar="NAME",
        help="a network that `npkpose models` lists as finding space; its weights are fetched on "
        "first use")  # fmt: skip
    add("--weights", metavar="FILE",
        help="of VideoPose3D, MHFormer or the simple baseline; default: the file of --model")
    add("--offline", action="store_true", help="fetch nothing: only files that are there")
    add("--size", type=float, nargs=2, metavar=("WIDTH", "HEIGHT"), help="of the images, in pixels")
    add("--normalisation", metavar="FILE.npz",
        help="of the simple baseline: mean_2d, std_2d (K, 2), mean_3d, std_3d (K', 3)")  # fmt: skip
    joints = lift.add_mutually_exclusive_group()
    joints.add_argument("--from-coco", action="store_true",
        help="convert COCO's 17 keypoints of an array to Human3.6M's, as those of COCO results "
        "always are")  # fmt: skip
    joints.add_argument("--keep-joints", action="store_true",
        help="do not convert COCO results: the network was trained on such keypoints")  # fmt: skip
    add("--person", type=int, metavar="NUMBER",
        help="which of the people of COCO results; 1, the default, has the highest sum of "
        "scores")  # fmt: skip
    add("--causal", action="store_true", help="VideoPose3D is causal: it sees no later frames")
    add("--out", metavar="FILE", help=".npz or .json; default KEYPOINTS-3d.npz, of the first file")
    lift.set_defaults(run=_lift)


def _lift(options):
    """Lift a sequence and write the poses."""
    import numpy as np

    from npkpose.cli.sequences import read_sequence
    from npkpose.space.files import write_arrays

    out = options.out or pathlib.Path(options.keypoints[0]).with_suffix("").name + "-3d.npz"
    inputs = *options.keypoints, options.weights, options.normalisation
    outputs = Outputs([path for path in inputs if path is not None])
    outputs.check(out, suffixes=(".npz", ".json"))
    sequence = read_sequence(options.keypoints, options.person, options.keep_joints)
    if options.keep_joints and sequence.ids is None:
        raise ValueError("--keep-joints: expected none, since KEYPOINTS is an array")
    name, poses, unit = _lift_keypoints(_prepare(sequence, options), options)
    arrays = {"poses": poses, "filled": sequence.is_missing}
    if sequence.ids is not None:
        arrays["image_id"] = _image_ids(sequence.ids)
    for note in sequence.notes:
        print_note("lift", note)
    outputs.write(out, lambda path: write_arrays(path, arrays))
    num_missing = int(np.isnan(sequence.keypoints[..., 0]).sum())
    filled = f", {num_missing} missing keypoints filled in" if num_missing else ""
    print(f"{name}: {len(poses)} frames of {poses.shape[1]} joints, {unit}{filled}")
    print(f"wrote {out}: {', '.join(arrays)}")
    facts = {"model": name, "frames": len(poses), "joints": poses.shape[1], "unit": unit}
    tell(options, **facts, filled=num_missing, files=[str(out)])
    return 0


def _prepare(sequence, options):
    """Return the sequence's keypoints without gaps, with the network's joints."""
    from npkpose.space.sequence import coco_to_h36m, fill_gaps

    count = sequence.keypoints.shape[1]
    is_coco = sequence.ids is not None and not options.keep_joints
    if is_coco and count != COCO_KEYPOINTS:
        raise ValueError(
            f"{options.keypoints[0]}: expected COCO's {COCO_KEYPOINTS} keypoints, got {count}; use "
            "--keep-joints if the network was trained on them"
        )
    if is_coco:
        _check_present(sequence.keypoints, options.keypoints[0])
    keypoints = fill_gaps(sequence.keypoints)
    return coco_to_h36m(keypoints) if is_coco or options.from_coco else keypoints


def _check_present(keypoints, path):
    """Raise ValueError, with its name, if one of COCO's keypoints is missing in every frame."""
    import numpy as np

    from npkpose.skeletons import COCO_17

    missing = np.isnan(keypoints[..., 0]).all(axis=0)
    if missing.any():
        names = ", ".join(name for name, gone in zip(COCO_17.keypoints, missing) if gone)
        raise ValueError(
            f"{path}: expected each keypoint in some frame, got none of {names}: give more frames, "
            "or another person (--person)"
        )


def _image_ids(ids):
    """Return image ids as an array of integers, or of text if one is none or too large."""
    import numpy as np

    if all(isinstance(image_id, int) and abs(image_id) < 2**63 for image_id in ids):
        return np.array(ids, np.int64)
    return np.array([str(image_id) for image_id in ids])


def _lift_keypoints(keypoints, options):
    """Return the name of the network, its poses (F, J, 3), and their unit."""
    from npkpose.models.lifting.simple_baseline_3d import Simple3D
    from npkpose.models.lifting.videopose3d import VideoPose3D

    model = _load(options)
    name = type(model).__name__
    is_baseline = isinstance(model, Simple3D)
    for option, used in (("size", not is_baseline), ("normalisation", is_baseline)):
        if getattr(options, option) is not None and not used:
            raise ValueError(f"--{option}: expected none, since the network is {name}")
    if options.causal and not isinstance(model, VideoPose3D):
        raise ValueError(f"--causal: expected none, since the network is {name}")
    if is_baseline and options.normalisation is None and model.normalisation is not None:
        return name, model.lift(keypoints), "m"
    if is_baseline:
        return name, model.lift(keypoints, _normalisation(options)), "the training set's unit"
    if options.size is None:
        raise ValueError("--size: expected width and height of the images, got none")
    return name, model.lift(keypoints, options.size), "m"


def _load(options):
    """Return the network of --model or --weights."""
    from npkpose.models.lifting.pretrained import load_lifter
    from npkpose.models.published import finds, load_published
    from npkpose.weights.published import find_entry

    if options.model is None and options.weights is None:
        raise ValueError("--model: expected it or --weights, got neither")
    if options.model is None:
        return load_lifter(options.weights, options.causal)
    if options.causal:
        raise ValueError("--causal: expected none beside --model")
    if finds(find_entry(options.model)) != "space":
        raise ValueError(f"--model: expected a network that lifts, got {options.model}")
    return load_published(options.model, options.weights, offline=options.offline)


def _normalisation(options):
    """Return the simple baseline's means and standard deviations."""
    if options.normalisation is None:
        raise ValueError("--normalisation: expected a file, for the simple baseline, got none")
    return read_normalisation(options.normalisation)


def read_normalisation(path):
    """Return the `Normalisation` of an .npz file; ValueError, naming the file, for any other."""
    from npkpose.models.lifting.simple_baseline_3d import Normalisation
    from npkpose.weights import load_npz

    stored = load_npz(path)
    missing = [name for name in Normalisation._fields if name not in stored]
    if missing:
        raise ValueError(f"{path}: expected the array {missing[0]}, got none")
    return Normalisation(*(stored[name] for name in Normalisation._fields))
