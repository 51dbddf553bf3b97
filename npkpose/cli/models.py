"""The command ``npkpose models``: the published networks, and the files that were fetched."""

import json


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "models", help="list the networks: size, cost, score, licence; files that were fetched",
        description="List the published networks that npkpose knows by name, or the files that "
        "were fetched. The cache is a folder of the platform, or that of NPKPOSE_CACHE.",
        epilog="Scores are their authors', of COCO val2017 if nothing else is said (--json says), "
        "with the flip test where networks have one. G madds are billions of multiplications and "
        "additions for one input.",
    )  # fmt: skip
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true",
        help="also other files of the same networks, NAME/SOURCE")  # fmt: skip
    what.add_argument("--cached", action="store_true", help="list the files that were fetched")
    what.add_argument("--remove", metavar="NAME",
        help="remove a file that was fetched, or `all`")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON, with addresses and hashes")
    parser.set_defaults(run=_models)


def _models(options):
    """Print the list that the options ask for, or remove files."""
    if options.remove is not None:
        return _remove(options)
    if options.cached:
        return _print_cached(options.json)
    from npkpose.weights.published import entries

    rows = [_row(e) for e in entries().values() if options.all or options.json or "/" not in e.name]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    print(_line("model", "finds", "parameters", "input", "G madds", "score", "MB", "licence"))
    for row in rows:
        print(_line(*_cells(row)))
    print("* in the cache. npkpose predict --model NAME fetches a file on first use.")
    return 0


def _row(entry):
    """Return an entry's fields, and its network's, as values for JSON."""
    from npkpose.models.pretrained import PRETRAINED
    from npkpose.models.published import finds
    from npkpose.weights.published.cache import is_cached, path_of

    network = PRETRAINED.get(entry.network)
    return entry._asdict() | {
        "finds": finds(entry),
        "parameters": None if network is None else network.parameters,
        "giga_madds": _giga_madds(entry, network),
        "cached": str(path_of(entry)) if is_cached(entry) else None,
    }


def _giga_madds(entry, network):
    """Return the cost if it is that at the entry's input size, or None."""
    height = entry.preprocessing.get("input_height")
    if network is None or height is not None and not network.size.startswith(f"{height}x"):
        return None
    return network.giga_madds


def _cells(row):
    """Return the texts of a row of the table."""
    score = "" if row["score"] is None else f"{row['score'][0].split(' (')[0]} {row['score'][1]}"
    return (
        row["name"] + " *" * (row["cached"] is not None),
        row["finds"],
        "" if row["parameters"] is None else f"{row['parameters']:,}",
        _input(row["preprocessing"]),
        "" if row["giga_madds"] is None else f"{row['giga_madds']:.1f}",
        score,
        "" if row["size"] is None else f"{row['size'] / 1e6:.0f}",
        row["licence"].split(" (")[0].split(":")[0],
    )


def _input(settings):
    """Return the size of a network's input as text: of crops, or the height of whole photos."""
    if "input_size" in settings:
        return "{}x{}".format(*settings["input_size"])
    return f"{settings['input_height']} high" if "input_height" in settings else ""


def _line(*cells):
    widths = 32, -9, 11, 8, 7, 13, 4
    parts = [f"{cells[0]:{widths[0]}}", f"{cells[1]:{-widths[1]}}"]
    parts += [f"{cell:>{width}}" for cell, width in zip(cells[2:], widths[2:])]
    return " ".join(parts) + f"  {cells[-1]}"


def _print_cached(as_json):
    """Print the files in the cache."""
    from npkpose.weights.published import cache_folder
    from npkpose.weights.published.cache import cached, path_of, read_record

    files = {entry.name: path_of(entry) for entry in cached()}
    rows = [
        {"name": name, "path": str(path), "bytes": path.stat().st_size} | _origin(read_record(path))
        for name, path in files.items()
    ]
    if as_json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        print(f"{row['name']:32} {row['bytes'] / 1e6:9.1f} MB  {row['path']}")
    total = sum({path: path.stat().st_size for path in files.values()}.values())
    print(f"{cache_folder()}: {len(set(files.values()))} files, {total / 1e6:.1f} MB")
    return 0


def _origin(record):
    return {"sha256": record.get("sha256"), "url": record.get("url")}


def _remove(options):
    """Remove one file or all, and say which."""
    from npkpose.weights.published import cache_folder, entries, find_entry
    from npkpose.weights.published.cache import remove, remove_all

    if options.remove not in ("all", *entries()):
        raise ValueError(f"--remove: expected all, or a name of --cached, got {options.remove!r}")
    removed = remove_all() if options.remove == "all" else remove([find_entry(options.remove)])
    if options.json:
        print(json.dumps([str(path) for path in removed], indent=1))
        return 0
    for path in removed:
        print(f"removed {path}")
    if not removed:
        print(f"nothing to remove in {cache_folder()}")
    return 0
