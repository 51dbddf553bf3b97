"""The command ``npkpose doctor``: what is wrong with files of keypoints, and a mended copy."""

import json
from functools import partial

from npkpose._output import Outputs
from npkpose.cli.terminal import one_line, print_note, text_of, with_option
from npkpose.cli.train_labelled import as_category, find_skeleton


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "doctor", help="find errors in files of keypoints, and mend them",
        description="Find errors in labels of any format and skeleton, and in COCO results, and "
        "say what each does to the score. With results, it is measured where that is possible.",
        epilog="Exit status: 0 if no finding changes a score, 1 if one does, 2 if a file "
        "cannot be read. With --fix, findings that are mended no longer count.",
    )  # fmt: skip
    add = parser.add_argument
    add("annotations", metavar="ANNOTATIONS",
        help="labels of any format that npkpose reads, or COCO results alone")  # fmt: skip
    add("results", metavar="RESULTS.json", nargs="?", help="COCO results")
    add("--skeleton", metavar="NAME", help="skeleton of the labels; default: as the file says")
    add("--category", metavar="NAME", help="category to examine, by name or id")
    add("--format", metavar="NAME", default="auto", help="format of the labels; default: found out")
    add("--images", metavar="FOLDER", help="folder of the images: are they there, of these sizes?")
    add("--fix", metavar="OUT",
        help="write a copy of ANNOTATIONS, with everything mended that has one right value")
    add("--fix-results", metavar="OUT", help="write such a copy of RESULTS.json")
    add("--json", action="store_true", help="print JSON instead of text")
    parser.set_defaults(run=_doctor)


def _doctor(options):
    """Print every finding, write mended copies; return the exit status."""
    try:
        return _run(options)
    except (ValueError, OSError) as error:
        given = options.annotations, options.results
        print_note("doctor", with_option(text_of(error), options.usage, given))
        return 2


def _run(options):
    from npkpose.doctor import diagnose

    wanted = _wanted(options)
    outputs = _check_outputs(options, wanted)
    found = diagnose(
        options.annotations, options.results, find_skeleton(options.skeleton),
        as_category(options.category), options.format, options.images,
    )  # fmt: skip
    if not options.json:
        _print_findings(found.findings)
    mended = found.mend() if wanted else None
    for option, path in wanted.items():
        which = _which(option, mended)
        if mended.is_folder:
            mended.write(which, path)  # which never replaces one
        else:
            outputs.write(path, partial(mended.write, which), option)
    if found.unlike_coco and options.skeleton is None and not options.json:
        print(one_line(f"npkpose eval needs --skeleton auto: {found.unlike_coco}"))
    if options.json:
        print(json.dumps(_as_json(found, mended), indent=1))
    elif mended is not None:
        _print_mended(mended, wanted)
    left = found.findings if mended is None else mended.left
    return 1 if any(finding.changes_score for finding in left) else 0


def _wanted(options):
    """Return {option: path} of the copies to write."""
    if options.fix_results is not None and options.results is None:
        raise ValueError("--fix-results: expected RESULTS.json beside it, got none")
    paths = {"--fix": options.fix, "--fix-results": options.fix_results}
    return {option: path for option, path in paths.items() if path is not None}


def _check_outputs(options, wanted):
    """Return the `Outputs` of the copies; ValueError if one of them must not be written."""
    outputs = Outputs([path for path in (options.annotations, options.results) if path is not None])
    for option, path in wanted.items():
        outputs.check(path, option)
    return outputs


def _which(option, mended):
    """Return which content of a `Mended` an option writes."""
    if option == "--fix-results":
        return "results"
    return next(iter(mended.contents))


def _print_findings(findings):
    for finding in findings:
        for line in str(finding).splitlines():
            print(one_line(line))
    if not findings:
        print("nothing found")


def _print_mended(mended, wanted):
    """Print what was done, what it does to AP, and what is left."""
    if not mended.done:
        print("mended: nothing")
    for (which, what, places), text in zip(mended.done, _measured(mended)):
        measured = f" ({text})" if text else ""
        print(one_line(f"mended: {what}: {len(places)} in the {which}, {places[0]}{measured}"))
    if len(mended.measured) > len(mended.done):
        print(mended.measured[-1])
    for finding in mended.left:
        print(one_line(f"left for you: {len(finding.entries)} x {finding.what}"))
    for option, path in wanted.items():
        print(one_line(f"{path}: written"))


def _as_json(found, mended):
    """Return findings, and what was mended, as plain values."""
    findings = [{**_plain(one), "ids": found.ids(one)} for one in found.findings]
    content = {"format": found.format, "ap": found.ap, "findings": findings}
    if mended is not None:
        content["mended"] = [
            {"file": which, "what": what, "entries": places, "measured": text}
            for (which, what, places), text in zip(mended.done, _measured(mended))
        ]
        content["left"] = list(map(_plain, mended.left))
    return content


def _measured(mended):
    """Return what each mend does to AP, "" where it was not measured."""
    return [*mended.measured, *[""] * len(mended.done)]


def _plain(finding):
    return {
        "what": finding.what,
        "effect": finding.effect,
        "changes_score": finding.changes_score,
        "refuses": finding.refuses,
        "measured": finding.measured,
        "entries": list(finding.entries),
    }
