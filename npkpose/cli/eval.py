"""The command ``npkpose eval``: scores of keypoint results by the protocol of any data set."""

import argparse
import os
import warnings

from npkpose._output import Outputs
from npkpose.cli.report import tell
from npkpose.cli.terminal import print_note

PROTOCOLS = """protocols:
  coco                    pycocotools' AP and AR (default)
  xtcoco, ap10k           xtcocotools' AP and AR, of any skeleton; the mean over AP-10K's species
  crowdpose               the same, also of easy, medium and hard images
  wholebody               AP and AR of body, feet, face, hands and all 133 keypoints of
                          COCO-WholeBody; wholebody_face and others for one part
  posetrack               AP of each keypoint by the match of whole poses; MOTA if poses have ids
  mpii, pck, pckh, jhmdb  shares of correct keypoints
  300w, wflw, cofw, lapa, aflw, nme
                          normalised mean error of faces, AUC, failure rate
  onehand10k, freihand, rhd, epe
                          hands: shares of correct keypoints, AUC of 0 to 30 px, end point error
"""


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "eval", help="score keypoint results", epilog=PROTOCOLS,
        description="Score keypoint results against annotations.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("annotations", metavar="GT.json", help="annotations: COCO's, or any that npkpose.io reads")
    add("results", metavar="RESULTS.json", help="results: COCO's, or any that npkpose.io reads")
    add("--protocol", default="coco", metavar="NAME", help="how to score: see below")
    add("--skeleton", metavar="NAME",
        help='body plan, or "auto": that of the file; default: the protocol\'s')  # fmt: skip
    add("--category", action="append", metavar="NAME", help="name or id; may be repeated")
    add("--sigmas", type=_numbers, metavar="S,S,...", help="OKS constants, or one for all")
    add("--box-areas", action="store_true", help="take 0.53 of the box as area, not the file's")
    add("--use-valid", action="store_true", help="leave out parts with foot_valid false, ...")
    add("--size", metavar="NAME", help="what distances are divided by: box, interpupil, ...")
    add("--thresholds", type=_numbers, metavar="T,T,...", help="of PCK, or of faces")
    add("--plot", metavar="OUT.png", help="plot precision-recall curves and keypoint errors")
    add("--errors", action="store_true", help="print how much AP each kind of error costs")
    add("--strict", action="store_true", help="reproduce pycocotools also where it is wrong")
    parser.set_defaults(run=_eval)


def _eval(options):
    """Print the numbers; warnings go to stderr, one line each."""
    from npkpose.metrics import CocoResult, analyse_errors

    outputs = Outputs([options.annotations, options.results])
    if options.plot:
        _check_plot(options.plot, outputs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = _evaluate(options, options.protocol.lower())
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        print_note("eval", f"warning: {text}")
    print(result)
    tell(options, scores=getattr(result, "stats", None) or result.numbers)
    if options.errors and isinstance(result, CocoResult):
        errors = analyse_errors(result)
        print(errors)
        tell(options, errors=errors)
    if options.plot and isinstance(result, CocoResult):
        outputs.write(options.plot, result.plot().savefig, "--plot")
    return 0


def _evaluate(options, protocol):
    """Return the result of the protocol of this name."""
    from npkpose.metrics.coco import PROTOCOLS as OKS
    from npkpose.metrics.distances import DISTANCE_PROTOCOLS

    if protocol in OKS:
        _refuse(options, f"--protocol {protocol}", "size", "thresholds")
        return _evaluate_oks(options, OKS[protocol])
    if protocol != "posetrack" and protocol not in DISTANCE_PROTOCOLS:
        known = ", ".join([*OKS, *DISTANCE_PROTOCOLS, "posetrack"])
        raise ValueError(f"--protocol: expected one of {known}, got {options.protocol!r}")
    _refuse(options, f"--protocol {protocol}", "sigmas", "plot", "errors", "strict", "box_areas",
            "use_valid", *(["size", "thresholds"] if protocol == "posetrack" else []))  # fmt: skip
    return _evaluate_distances(options, protocol)


def _evaluate_distances(options, protocol):
    from npkpose.metrics import evaluate_distances, evaluate_posetrack

    if options.category and len(options.category) > 1:
        raise ValueError(f"--category: expected one for --protocol {protocol}, got several")
    category = _number_or_name(options.category[0]) if options.category else None
    paths, more = (options.annotations, options.results), {"category": category}
    if protocol == "posetrack":
        return evaluate_posetrack(*paths, skeleton=options.skeleton, **more)
    more |= {"size": options.size, "thresholds": options.thresholds}
    return evaluate_distances(*paths, protocol, skeleton=options.skeleton, **more)


def _evaluate_oks(options, protocol):
    from npkpose.metrics import evaluate_coco, evaluate_wholebody

    truth, found = _source(options.annotations, b"{"), _source(options.results, b"[")
    _check_order(truth, found)
    more = {"sigmas": options.sigmas, "categories": _category_ids(truth, options.category)}
    more["strict"] = options.strict
    if protocol.name == "wholebody":
        _refuse(options, "--protocol wholebody", "skeleton", "box_areas", "plot", "errors")
        return evaluate_wholebody(truth, found, use_valid=options.use_valid, **more)
    if options.box_areas:
        protocol = protocol._replace(use_area=False)
    protocol = protocol._replace(use_valid=options.use_valid)
    return evaluate_coco(truth, found, options.skeleton, protocol=protocol, **more)


def _check_order(truth, found):
    """Raise ValueError if results and annotations were given in the place of each other."""
    if getattr(truth, "is_results", False) and not getattr(found, "is_results", True):
        raise ValueError(
            "GT.json, RESULTS.json: expected annotations and then results, got them the other way "
            "round"
        )


def _source(path, first):
    """Return the path of COCO's JSON, which begins with ``first``; or Labels of another format."""
    from npkpose import io

    if os.path.isfile(path) and str(path).lower().endswith(".json"):
        with open(path, "rb") as file:
            start = file.read(1 << 12).lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
        if start == first or start not in (b"{", b"["):
            return path
    elif not os.path.exists(path) or os.path.getsize(path) == 0:
        return path  # the reader of COCO's JSON says what is wrong
    return io.read(path)


def _category_ids(source, names):
    """Return the ids of categories by their names or ids, or None if there are no names."""
    from npkpose.io.keypoint_names import category_names
    from npkpose.metrics.coco.file_skeleton import read_head

    if not names:
        return None
    if hasattr(source, "categories"):
        known = dict(source.categories)
    else:
        known = category_names(read_head(source)[1])
    ids = []
    for name in names:
        matching = [id for id, each in known.items() if each == name]
        ids += matching or [_number_or_name(name)]
        if not matching and ids[-1] not in known and known:
            choice = ", ".join(f"{each} ({id})" for id, each in list(known.items())[:10])
            raise ValueError(f"--category: expected one of {choice}, got {name!r}")
    return ids


def _number_or_name(text):
    return int(text) if text.lstrip("-").isdigit() else text


def _numbers(text):
    """Return the numbers of an option, separated by commas."""
    try:
        numbers = [float(each) for each in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers with commas, got {text!r}") from None
    return numbers


def _refuse(options, reason, *names):
    """Raise ValueError for an option that this protocol does not have."""
    for name in names:
        if getattr(options, name):
            option = "--" + name.replace("_", "-")
            raise ValueError(f"{option}: expected no such option with {reason}")


def _check_plot(path, outputs):
    """Raise ValueError unless a plot can be written there, before the scores take their time."""
    from npkpose._extras import plot_suffixes

    outputs.check(path, "--plot", plot_suffixes())
