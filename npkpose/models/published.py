"""Networks by the names of their published files, with the settings of the published scores.

    model = load_published("hrnet-w32-384-dark")       the file is fetched on first use
    TopDown(model)(image, boxes)                       decodes as its authors do

A file of weights does not say how its network was trained and scored: where a map lies on its
image, how a peak is refined, how boxes are enlarged. With the wrong setting points move by up to
two pixels and nothing else shows it. So the manifest has these settings for each file, and they
become attributes of the network, which the pipelines read. Scores were measured with the flip test.

HigherHRNet's scores were measured with keypoints that its parser fills in and with no person
dropped. COCO does not punish either, but who looks at the result does; so it is not the default:

    BottomUp(model, thresholds=model.score_thresholds)
"""

from npkpose import skeletons
from npkpose.grid import Grid
from npkpose.models.exported import from_onnx
from npkpose.models.lifting.pretrained import load_lifter
from npkpose.models.lifting.simple_baseline_3d import Normalisation
from npkpose.models.pretrained import PRETRAINED, load
from npkpose.weights.published import fetch, find_entry

FINDS = {"one": "keypoints", "all": "people", "lifter": "space", "mesh": "surface"}


def load_published(name, path=None, *, offline=False):
    """Return a published network in evaluation mode, with its own settings.

    Parameters
    ----------
    name : str
        A name that ``npkpose models`` lists.
    path : path_like, optional
        Its file of weights. Default: `fetch` (name).
    offline : bool
        Download nothing.

    Returns
    -------
    network
        For `TopDown` if it finds "keypoints" of one person in a box, or ``lift``s sequences. One
        that finds all "people" of an image is for `BottomUp`, or an exported one, which is called
        with images, as a detector is (see `from_onnx`).

    Raises
    ------
    ValueError
        An unknown name, a damaged file, one of another network, or PyMAF, which is loaded with
        `models.PyMAF`, since it needs the surface of a body too.
    OSError
        As `fetch`.
    """
    entry = find_entry(name)
    path = fetch(name, offline=offline) if path is None else path
    if entry.network == "mesh":
        raise ValueError(f"model: expected a network of keypoints, got {name}: use models.PyMAF")
    if entry.network == "lifter":
        return _load_lifter(entry, path)
    if entry.network == "onnx":
        return _load_exported(entry, path)
    return configure(load(entry.network, path), entry.preprocessing)


def finds(entry):
    """Return what the network of an `Entry` finds.

    "keypoints" of one person in a box, all "people" of an image, "boxes", or poses in "space" or
    the "surface" of a body.
    """
    if entry.network == "onnx":
        return entry.preprocessing["finds"]
    row = PRETRAINED.get(entry.network)
    return FINDS[entry.network if row is None else row.finds]


def configure(model, settings):
    """Set the attributes of a network that the pipelines read; return the network."""
    settings = dict(settings)
    convention = settings.pop("convention", None)
    if "input_size" in settings:  # of crops: it says where its maps lie
        model.grid = Grid(model.stride, convention)
    elif convention is not None:
        model.convention = convention
    for name, value in settings.items():
        if value is not None:
            setattr(model, name, tuple(value) if isinstance(value, list) else value)
    return model


def _load_lifter(entry, path):
    model = load_lifter(path)
    statistics = entry.preprocessing.get("normalisation")
    if statistics is not None:
        model.normalisation = Normalisation(**statistics)
    return model


def _load_exported(entry, path):
    wanted, name = entry.preprocessing["finds"], entry.preprocessing["skeleton"]
    network = from_onnx(path)
    if network.finds != wanted:
        raise ValueError(f"{path}: expected a network of {wanted}, got {network.family}")
    skeleton = None if name is None else getattr(skeletons, name)
    return network if network.skeleton == skeleton else from_onnx(path, skeleton=skeleton)
