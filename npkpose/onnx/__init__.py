"""ONNX files: any network as a graph that runs in NumPy and Numba, forward only.

    session = Session("end2end.onnx")
    outputs = session.run({"input": images})     {name: array}
    print(session)                               the network, layer by layer

A file is bytes, then a graph, then a graph for one shape of inputs, in which constants are folded
and nodes fused. A backward pass is not provided: `npkpose.nn` has layers that train.

Read in this order:

    session.py      what a caller sees, and the whole way
    file.py         bytes to a graph; tensors.py: its arrays; functions.py: those a file defines
    graph.py        nodes and values, sorted
    ops/            the operators, one file per family
    run.py          one node after the other; If, Loop and Scan
    limits.py       how much a graph may take
    fold.py         what follows from the shape of the inputs, computed once
    fuse.py         nodes that are one operation; fuse_parts.py: functions spelled out in parts
    plan.py         arrays with places, nodes as jobs of the engine: lower.py, lower_moves.py
    summary.py      the network as a table
"""

from npkpose.onnx.file import load_model
from npkpose.onnx.graph import Graph, Node, Value
from npkpose.onnx.session import Session

__all__ = ["Graph", "Node", "Session", "Value", "load_model"]
