"""The command ``npkpose eval``: COCO's scores of keypoint results."""

import sys
import warnings


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser("eval", help="score COCO keypoint results")
    add = parser.add_argument
    add("annotations", metavar="GT.json", help="COCO annotations")
    add("results", metavar="RESULTS.json", help="COCO results")
    add("--plot", metavar="OUT.png", help="plot precision-recall curves and keypoint errors")
    add("--errors", action="store_true", help="print how much AP each kind of error costs")
    add("--strict", action="store_true", help="reproduce pycocotools also where it is wrong")
    parser.set_defaults(run=_eval)


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
