"""The command ``npkpose models``: the published networks that ``npkpose predict`` runs."""


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser("models", help="list the networks: size, cost, score, weights")
    parser.set_defaults(run=_models)


def _models(options):
    """Print one line per network."""
    from npkpose.models.pretrained import PRETRAINED

    head = f"{'model':22} {'people':>6} {'parameters':>11} {'input':>8} {'G madds':>8} {'AP':>5}"
    print(f"{head}  weights")
    for name, row in PRETRAINED.items():
        cost = "" if row.giga_madds is None else f"{row.giga_madds:.1f}"
        ap = "" if row.ap is None else f"{row.ap:.1f}"
        print(
            f"{name:22} {row.finds:>6} {row.parameters:11,} {row.size:>8} {cost:>8} {ap:>5}"
            f"  {row.weights}"
        )
    return 0
