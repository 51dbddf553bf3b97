"""The command ``npkpose convert``: keypoints from one file format, or skeleton, to another."""

import os
import pathlib

from npkpose._check import check_choice
from npkpose.cli.report import tell
from npkpose.cli.skeletons import find_skeleton
from npkpose.cli.terminal import noting, one_line
from npkpose.cli.unused import refuse_alone

BY_SUFFIX = {".json": "coco", ".csv": "csv", ".h5": "sleap"}


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "convert", help="keypoints from one file format or skeleton to another",
        description="Read a file or folder of keypoints in any known format, and write it in "
        "another, with the keypoints of another skeleton if you like.",
        epilog="Without --from, the format is recognised by the content. Run it without files to "
        "list all formats.",
    )  # fmt: skip
    add = parser.add_argument
    add("source", metavar="IN", nargs="?", help="file or folder of keypoints")
    add("target", metavar="OUT", nargs="?",
        help="new file or folder; without it, print what IN holds")  # fmt: skip
    add("--from", dest="read_as", metavar="FORMAT", default="auto", help="format of IN")
    add("--to", dest="write_as", metavar="FORMAT",
        help="format of OUT; default by its suffix: .json coco, .csv csv, .h5 sleap")  # fmt: skip
    add("--skeleton", metavar="NAME", help="skeleton of OUT, such as BODY_25; default that of IN")
    add("--from-skeleton", metavar="NAME", help="skeleton of IN, where IN does not say it")
    add("--category", metavar="NAME", help="name or id of the category to read")
    add("--images", metavar="FOLDER",
        help="the images, for formats that need their sizes")  # fmt: skip
    parser.set_defaults(run=_convert, default_of=parser.get_default)


def _convert(options):
    """Convert a file, and print what was read and written."""
    from npkpose.io.convert import FORMATS, read

    names = "skeleton", "from_skeleton", "read_as", "write_as", "category", "images"
    if options.source is None:
        refuse_alone(options, names, "IN")
        return _print_formats()
    if options.target is None:
        refuse_alone(options, ["write_as"], "OUT")
    skeleton = find_skeleton("--from-skeleton", options.from_skeleton)
    target = find_skeleton("--skeleton", options.skeleton)
    write_as = _format_of(options)
    if options.images is not None and not os.path.isdir(options.images):
        raise ValueError(f"--images: expected a folder, got {options.images}")
    if options.read_as not in ("auto", *FORMATS):
        known = ", ".join(["auto", *FORMATS])
        raise ValueError(f"--from: expected one of {known}, got {options.read_as!r}")
    labels = noting(
        "convert", read, options.source, options.read_as, skeleton, _category(options.category),
        options.images,
    )  # fmt: skip
    _print_summary(options, labels)
    if target:
        labels = _to_skeleton(labels, target)
    if options.target is not None:
        _write(options, labels, write_as)
    return 0


def _print_formats():
    from npkpose.io.convert import formats

    for name, (_, is_written) in formats().items():
        print(f"{name:16} {'read and written' if is_written else 'read'}")
    return 0


def _format_of(options):
    """Return the format of OUT, None without OUT, or raise ValueError."""
    from npkpose.io.convert import formats

    if options.write_as is not None:
        known = [name for name, (_, is_written) in formats().items() if is_written]
        return check_choice("--to", options.write_as, known)
    if options.target is None:
        return None
    suffix = pathlib.Path(options.target).suffix.lower()
    if suffix not in BY_SUFFIX:
        known = ", ".join(BY_SUFFIX)
        raise ValueError(f"--to: expected a format, since OUT does not end in {known}")
    return BY_SUFFIX[suffix]


def _category(text):
    """Return a category as an id, if it is a number."""
    is_number = text is not None and text.lstrip("-").isdecimal() and len(text) < 19
    return int(text) if is_number else text


def _print_summary(options, labels):
    images, missing = len(labels.images), (~labels.present).mean() if len(labels) else 0
    print(one_line(
        f"{options.source}: {len(labels)} instances of {labels.skeleton.name} "
        f"({labels.category or 'no category'}) in {images} images, {missing:.0%} of keypoints "
        "missing"
    ))  # fmt: skip
    tell(options, instances=len(labels), images=images, skeleton=labels.skeleton.name,
         category=labels.category, missing=missing)  # fmt: skip


def _to_skeleton(labels, target):
    """Return labels of another skeleton; print how each keypoint comes about."""
    from npkpose.skeletons import conversion_table

    for line in str(conversion_table(labels.skeleton, target)).splitlines():
        print(one_line(line))
    return labels.to_skeleton(target)


def _write(options, labels, write_as):
    """Write OUT; a file that npkpose did not write, and IN, are never replaced."""
    from npkpose._output import Outputs
    from npkpose.io.convert import FORMATS, write

    def write_to(path):
        noting("convert", write, labels, path, write_as)

    if write_as in FORMATS and FORMATS[write_as].SUFFIXES:
        Outputs([options.source]).write(options.target, write_to, "OUT")
    else:
        try:
            write_to(options.target)
        except FileExistsError as error:
            raise ValueError(str(error).replace("path:", "OUT:", 1)) from None
        except PermissionError:
            raise ValueError(
                f"OUT: expected a new folder where it can be made, got {options.target}"
            ) from None
    print(one_line(f"wrote {options.target}: {len(labels)} instances of {labels.skeleton.name}"))
    tell(options, files=[str(options.target)], skeleton=labels.skeleton.name)
