"""Running a graph: one node after the other, each value freed after its last reader.

If, Loop and Scan hold graphs of their own, which read names of the graphs around them.
Specification: ONNX, Operators.md, If-1, Loop-1, Scan-8 and Scan-9.
"""

from dataclasses import replace

import numpy as np

from npkpose.onnx.graph import Graph
from npkpose.onnx.limits import count_bytes, count_step
from npkpose.onnx.ops import check_node, find_operator
from npkpose.onnx.ops.arguments import check_axis, ints, scalar


def check_graph(graph):
    """Raise a ValueError for the first node whose operator cannot be run, with where it stands."""
    for node in graph.nodes:
        if node.domain == "" and node.op in CONTROL:
            missing = set(CONTROL[node.op][1]) - set(node.attributes)
            graphs = [node.attributes.get(name) for name in CONTROL[node.op][1]]
            if missing or not all(isinstance(g, Graph) for g in graphs):
                raise ValueError(f"{node}: expected graphs {CONTROL[node.op][1]}, got {missing}")
            if not node.inputs:
                raise ValueError(f"{node}: expected inputs, got none")
        else:
            check_node(node)
        for inner in node.subgraphs():
            check_graph(inner)


def run_graph(graph, values, inside=False):
    """Return the outputs of a graph, given {name: array} of its inputs and of outer names."""
    values = {**graph.constants, **values}
    for node, freed in zip(graph.nodes, graph.freed):
        if inside:
            count_step()
        for name, value in zip(node.outputs, run_node(node, values)):
            if name:
                values[name] = value
                count_bytes(value, 1)
        for name in freed:
            count_bytes(values.pop(name, None), -1)
    return [values[value.name] for value in graph.outputs]


def run_node(node, values):
    """Return the outputs of a node as a tuple; an error names the node."""
    try:
        if node.domain == "" and node.op in CONTROL:
            found = CONTROL[node.op][0](node, values)
        else:
            inputs = [values[name] if name else None for name in node.inputs]
            found = call(find_operator(node), inputs, node)
        if len(found) < len(node.outputs):
            raise ValueError(f"expected at most {len(found)} outputs, got {len(node.outputs)}")
        return found
    except MemoryError:
        raise ValueError(f"{node}: not enough memory") from None
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, AttributeError,
            ZeroDivisionError, ArithmeticError) as error:  # fmt: skip
        text = str(error)
        raise ValueError(text if text.startswith("node ") else f"{node}: {text}") from error


def call(operator, inputs, node):
    """Return the outputs of an operator as a tuple."""
    options = {"outputs": len(node.outputs)} if operator.wants_outputs else {}
    found = operator.function(*inputs, **node.attributes, **options)
    return found if isinstance(found, tuple) else (found,)


def _outer(graph, values):
    return {name: values[name] for name in graph.outer}


def _if(node, values):
    """If-1: one of two graphs, which have no inputs."""
    chosen = "then_branch" if scalar(values[node.inputs[0]]) else "else_branch"
    graph = node.attributes[chosen]
    return tuple(run_graph(graph, _outer(graph, values), inside=True))


def _loop(node, values):
    """Loop-1: body(round, condition, state...) gives condition, state..., and what is stacked."""
    body = node.attributes["body"]
    most, condition, *state = [values[name] if name else None for name in node.inputs]
    most, go_on = int(scalar(most, 2**62)), bool(scalar(condition, True))
    outer, stacked = _outer(body, values), [[] for _ in body.outputs[1 + len(state) :]]
    if len(body.inputs) != 2 + len(state) or len(body.outputs) < 1 + len(state):
        raise ValueError(f"body: expected {2 + len(state)} inputs, got {len(body.inputs)}")
    i = 0
    while i < most and go_on:
        count_step()
        given = [np.array(i, np.int64), np.array(go_on), *state]
        feeds = dict(zip([value.name for value in body.inputs], given))
        go_on, *results = run_graph(body, {**outer, **feeds}, inside=True)
        go_on, state = bool(scalar(go_on)), results[: len(state)]
        for rows, value in zip(stacked, results[len(state) :]):
            rows.append(value)
            count_bytes(value, 1)
        i += 1
    return *state, *(np.stack(rows) if rows else np.zeros((0,), np.float32) for rows in stacked)


def _scan(node, values):
    """Scan-9: body(state..., slices...) for each slice of some inputs along an axis.

    Scan-8 does so for each item of a batch, all of one length.
    """
    if node.version < 9:
        return _scan_batch(node, values)
    body, options = node.attributes["body"], node.attributes
    inputs = [values[name] for name in node.inputs]
    count = int(options.get("num_scan_inputs", 1))
    states, scanned = inputs[: len(inputs) - count], inputs[len(inputs) - count :]
    axes = ints(options.get("scan_input_axes", [0] * count))
    back = ints(options.get("scan_input_directions")) or [0] * count
    scanned = [np.moveaxis(x, check_axis(a, x.ndim), 0) for x, a in zip(scanned, axes)]
    scanned = [x[::-1] if flip else x for x, flip in zip(scanned, back)]
    outer, rows = _outer(body, values), []
    for slices in zip(*scanned):
        count_step()
        feeds = dict(zip([value.name for value in body.inputs], [*states, *slices]))
        results = run_graph(body, {**outer, **feeds}, inside=True)
        states, stacked = results[: len(states)], results[len(states) :]
        rows.append(stacked)
    count = len(body.outputs) - len(states)
    axes = ints(options.get("scan_output_axes", [0] * count))
    back = ints(options.get("scan_output_directions", [0] * count))
    found = [np.stack(each[::-1] if flip else each, axis)
             for each, axis, flip in zip(zip(*rows), axes, back)]  # fmt: skip
    return *states, *found


def _scan_batch(node, values):
    lengths, *names = node.inputs
    if lengths:
        raise ValueError("sequence_lens: expected none, got an input")
    options = dict(node.attributes)
    options["scan_input_directions"] = options.pop("directions", None)
    each = replace(node, version=9, inputs=tuple(names), attributes=options)
    items = zip(*(values[name] for name in names))
    found = [_scan(each, values | dict(zip(names, item))) for item in items]
    return tuple(np.stack(arrays) for arrays in zip(*found))


# {operator: (function of a node and the values around it, its graphs)}
CONTROL = {"If": (_if, ("then_branch", "else_branch")), "Loop": (_loop, ("body",)),
           "Scan": (_scan, ("body",))}  # fmt: skip
