"""Commands about scores: ``npkpose eval`` and ``npkpose doctor``."""

import sys
import warnings


def add_commands(commands):
    """Add both to argparse's subparsers."""
    score = commands.add_parser("eval", help="score COCO keypoint results")
    score.add_argument("annotations", metavar="GT.json", help="COCO annotations")
    score.add_argument("results", metavar="RESULTS.json", help="COCO results")
    score.add_argument("--plot", metavar="OUT.png", help="draw curves and errors of keypoints")
    score.add_argument(
        "--errors", action="store_true", help="say what kinds of error AP is lost to"
    )
    score.add_argument(
        "--strict", action="store_true", help="do as pycocotools does where it is wrong"
    )
    score.set_defaults(run=_eval)

    doctor = commands.add_parser(
        "doctor", help="find what is wrong with COCO files",
        description="Find what is wrong with COCO files, and say what it does to the score.",
        epilog="Exit status: 0 if no finding changes a score, 1 if one does, 2 if a file "
        "cannot be read.",
    )  # fmt: skip
    doctor.add_argument("annotations", metavar="ANNOTATIONS.json", help="COCO annotations")
    doctor.add_argument("results", metavar="RESULTS.json", nargs="?", help="COCO results")
    doctor.set_defaults(run=_doctor)


def _eval(options):
    """Print the ten numbers; warnings go to stderr, one line each."""
    from npkpose.metrics import analyse_errors, evaluate_coco

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = evaluate_coco(options.annotations, options.results, strict=options.strict)
    for warning in caught:
        print(f"npkpose eval: warning: {warning.message}", file=sys.stderr)
    print(result)
    if options.errors:
        print(analyse_errors(result))
    if options.plot:
        result.plot().savefig(options.plot)
    return 0


def _doctor(options):
    """Print what is found, and what each finding does to the score."""
    from npkpose.metrics.coco.doctor import examine

    try:
        findings = examine(options.annotations, options.results)
    except (ValueError, OSError) as error:
        print(f"npkpose doctor: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    if not findings:
        print("nothing found")
    return 1 if any(finding.changes_score for finding in findings) else 0
