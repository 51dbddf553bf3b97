"""The command ``npkpose onnx``: what is in an ONNX or TFLite file, layer by layer."""

from npkpose.cli.report import tell
from npkpose.cli.terminal import one_line


def add_command(commands):
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "onnx", help="print the network in an ONNX or TFLite file",
        description="Print the network in an ONNX or TFLite file: inputs, outputs, and each layer "
        "with its output's shape, parameters and multiply-adds.",
    )  # fmt: skip
    parser.add_argument("file", metavar="FILE", help="an .onnx or .tflite file")
    parser.set_defaults(run=_onnx)


def _onnx(options):
    """Print the summary; return the exit status."""
    from npkpose.tflite import open_session

    session = open_session(options.file)
    for line in str(session).splitlines():
        print(one_line(line))
    ends = {name: list(map(str, getattr(session, name))) for name in ("inputs", "outputs")}
    tell(options, file=options.file, opsets=session.opsets, producer=session.producer, **ends)
    return 0
