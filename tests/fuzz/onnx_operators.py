"""Files of one ONNX operator with odd inputs: ``python -m tests.fuzz.onnx_operators``.

Each file is read and run twice, node by node and planned: either both runs agree, or a ValueError
names the file. Inputs and attributes are drawn from lists of what operators stumble over: sizes of
2^62, empty arrays, NaN, other types, axes that are not there.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from npkpose.onnx import Session
from npkpose.onnx.graph import Node
from npkpose.onnx.ops import TABLES, find_operator
from tests.onnx.writer import graph, model, node, value

SHAPES = (), (2,), (2, 3), (1, 2, 3), (3, 4, 8), (1, 2, 4, 4), (2, 4, 5, 7)
INTEGERS = (
    [0], [-1], [2**62], [-(2**63)], [2**31, 2**31], [1, 2], [3, 2], 1, -1, 2**62, 7, [],
    [-1, -1, -1, -1], [2, -5, 1, 0], [[2**40]],
)  # fmt: skip
FLOATS = [0], [np.nan], [np.inf, 1e30], [1e-30, 1e-30], [2, 2], 1.5, -2, 0
ARRAYS = (
    *(np.array(each, np.int64) for each in INTEGERS), *(np.float32(each) for each in FLOATS),
    *(np.ones(shape, "f4") for shape in ((0, 3), (2, 3), (1, 1, 2, 3), (1, 1, 0, 3), (1,) * 8)),
    np.array([True, False]), np.array(True), np.ones((2, 3), "u1"), np.ones((2, 3), "i1"),
)  # fmt: skip
NUMBERS = 0, 1, 2, -1, 2**40, 2.5, [1, 1], [-1, 2], [2**40] * 4, "text"
TEXTS = {
    "mode": ("linear", "nearest", "cubic", "constant", "edge", "reflect", "wrap", "max", "CRD"),
    "equation": ("ij,jk->ik", "...", "ii->i", "->", "i->"), "direction": ("LEFT", "RIGHT"),
    "auto_pad": ("SAME_UPPER", "SAME_LOWER", "VALID"), "activation": ("Relu", "HardSwish", ""),
    "coordinate_transformation_mode": ("asymmetric", "tf_crop_and_resize", "align_corners"),
    "keep_aspect_ratio_policy": ("not_larger", "not_smaller"), "reduction": ("add", "max"),
}  # fmt: skip
OPERATORS = [(domain, op) for domain, table in TABLES.items() for op in table]


def pick(choices, rng):
    return choices[rng.integers(len(choices))]


def draw(rng):
    """Return the bytes of a file and its input x, an array."""
    domain, op = pick(OPERATORS, rng)
    operator = find_operator(Node(op, (), (), {}, domain, 24 if domain == "" else 1))
    most = max(min(operator.most, 7), operator.least)
    names, constants, attributes = [], {}, {}
    for i in range(int(rng.integers(operator.least, most + 1))):
        names.append("x" if rng.random() < 0.5 else "-" if rng.random() < 0.1 else f"c{i}")
        if names[-1] == f"c{i}":
            constants[f"c{i}"] = pick(ARRAYS, rng)
    for name in sorted(operator.attributes):
        if name in operator.required or rng.random() < 0.35:
            attributes[name] = pick(TEXTS.get(name, NUMBERS), rng)
    x = rng.normal(size=pick(SHAPES, rng)).astype(np.float32)
    outputs = "y" if rng.random() < 0.8 else "y z"
    nodes = [node(op, " ".join(names), outputs, domain, **attributes)]
    inputs, outputs = [value("x", shape=x.shape)], [value("y")]
    return model(graph(nodes, inputs, outputs, **constants)), x


def finding(content, x, path):
    """Return what is wrong with the answer to a file, or None."""
    path.write_bytes(content)
    try:
        session = Session(path, max_bytes=2**22)
        first, second = (session.run({"x": x})["y"] for _ in range(2))
        for a, b in zip(*(each if isinstance(each, list) else [each] for each in (first, second))):
            np.testing.assert_allclose(b, a, 1e-4, 1e-5)
            assert a.dtype == b.dtype
    except ValueError as error:
        return None if str(error).startswith(str(path)) else f"without the file: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def search(seed, cases):
    """Yield (number, finding) of the files of a seed for which something is wrong."""
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        for number in range(cases):
            content, x = draw(np.random.default_rng([seed, number]))
            found = finding(content, x, Path(folder, "case.onnx"))
            if found is not None:
                yield number, found


def main():
    """Print what is found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=10_000)
    options = parser.parse_args()
    for number, found in search(options.seed, options.cases):
        print(f"case {number}: {found}", flush=True)


if __name__ == "__main__":
    main()
