"""The command ``npkpose skeletons``: all published body plans, or one with its numbers."""

import json
import math
import textwrap

from npkpose._output import Outputs
from npkpose.skeletons import aliases, conversion_table, find, skeleton_names

WIDTH = 100  # columns of the terminal


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "skeletons", help="list the published skeletons, or describe and draw one",
        description="List all skeletons, or print one's keypoints with their numbers, partners "
        "and sigmas, its limbs and its source.",
    )  # fmt: skip
    add = parser.add_argument
    add("name", metavar="NAME", nargs="?", help='such as COCO_17 or "hand 21"; default: list all')
    add("--to", metavar="OTHER", help="print what becomes of each keypoint in another skeleton")
    add("--out", metavar="OUT.png", help="draw the skeleton with its numbers")
    add("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_skeletons)


def _skeletons(options):
    """Print the list, or one skeleton."""
    if options.name is None:
        if options.to or options.out:
            raise ValueError(f"{'--to' if options.to else '--out'}: expected a NAME before it")
        _print_json([_facts(find(name)) for name in skeleton_names()]) if options.json else _list()
        return 0
    plan = find(options.name)
    if options.out:
        _draw(plan, options.out)
    if options.to:
        table = conversion_table(plan, find_skeleton("--to", options.to))
        _print_json(_conversion(table)) if options.json else print(table)
    elif options.json:
        _print_json(_facts(plan))
    else:
        _describe(plan)
    if options.out and not options.json:
        print(f"wrote {options.out}")
    return 0


def find_skeleton(option, name):
    """Return the skeleton of a name, None of none; ValueError names the option."""
    if name is None:
        return None
    try:
        return find(name)
    except ValueError as error:
        raise ValueError(str(error).replace("name:", f"{option}:", 1)) from None


def _list():
    """Print one line for each skeleton, in groups."""
    group = None
    for plan in map(find, skeleton_names()):
        if plan.group != group:
            group = plan.group
            print(f"{group}:")
        sigmas = " " if any(map(math.isnan, plan.sigmas)) else "s"
        source = textwrap.shorten(plan.source, WIDTH - 39, placeholder=" ...")
        print(f"  {plan.name:28} {plan.num_keypoints:4} {sigmas}  {source}")
    print("s: all sigmas are known, so OKS can be computed. npkpose skeletons NAME says more.")


def _describe(plan):
    """Print all of one skeleton."""
    print(f"{plan.name}: {plan.num_keypoints} keypoints, {plan.group}")
    others = [alias for alias, name in aliases().items() if name == plan.name]
    for head, text in (("source", plan.source), ("note", plan.note),
                       ("also called", ", ".join(others))):  # fmt: skip
        if text:
            print(_folded(f"{head}: {text}"))
    width = max(map(len, plan.keypoints))
    for k, (name, partner, sigma) in enumerate(zip(plan.keypoints, plan.flip_order, plan.sigmas)):
        known = "    -" if math.isnan(sigma) else f"{sigma:<5.4g}"
        mirrored = f"  mirrored: {partner} {plan.keypoints[partner]}" if partner != k else ""
        print(f"  {k:3}  {name:{width}}  sigma {known}{mirrored}".rstrip())
    limbs = ", ".join(f"{a}-{b}" for a, b in plan.limbs) or "none"
    print(_folded(f"limbs: {limbs}"))


def _folded(text):
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _facts(plan):
    """Return a skeleton as plain values; null where no sigma is known."""
    return {
        "name": plan.name,
        "group": plan.group,
        "num_keypoints": plan.num_keypoints,
        "keypoints": plan.keypoints,
        "limbs": plan.limbs,
        "pairs": plan.pairs,
        "sigmas": [None if math.isnan(sigma) else sigma for sigma in plan.sigmas],
        "aliases": [alias for alias, name in aliases().items() if name == plan.name],
        "source": plan.source,
        "note": plan.note,
    }


def _conversion(table):
    """Return a conversion table as plain values."""
    names = {"source": table.source.name, "target": table.target.name, "lost": table.lost}
    return names | {"rows": [row._asdict() for row in table.rows]}


def _print_json(value):
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _draw(plan, path):
    from npkpose._extras import plot_suffixes
    from npkpose.cli.skeleton_plot import plot_skeleton

    outputs = Outputs()
    outputs.check(path, suffixes=plot_suffixes())
    outputs.write(path, plot_skeleton(plan).savefig)
