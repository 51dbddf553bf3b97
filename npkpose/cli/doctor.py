"""The command ``npkpose doctor``: what is wrong with COCO files, and what it does to the score."""

from npkpose.cli.terminal import one_line, print_note


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "doctor", help="find errors in COCO files",
        description="Find errors in COCO files, and say what each does to the score.",
        epilog="Exit status: 0 if no finding changes a score, 1 if one does, 2 if a file "
        "cannot be read.",
    )  # fmt: skip
    parser.add_argument("annotations", metavar="ANNOTATIONS.json", help="COCO annotations")
    parser.add_argument("results", metavar="RESULTS.json", nargs="?", help="COCO results")
    parser.set_defaults(run=_doctor)


def _doctor(options):
    """Print every finding; return the exit status."""
    from npkpose.metrics.coco.doctor import examine

    try:
        findings = examine(options.annotations, options.results)
    except (ValueError, OSError) as error:
        print_note("doctor", error)
        return 2
    for finding in findings:
        for line in str(finding).splitlines():
            print(one_line(line))
    if not findings:
        print("nothing found")
    return 1 if any(finding.changes_score for finding in findings) else 0
