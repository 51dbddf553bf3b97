"""A network file as a graph: how long each value lives, and what freeing it saves."""

import tempfile
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from npkpose.onnx import load_model
from npkpose.onnx.run import run_node
from tests.onnx.writer import image_model

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "small.onnx")
    path.write_bytes(image_model())
    graph = load_model(path).graph
values = {**graph.constants, "x": np.zeros((8, 3, 12, 10), np.float32)}
born, sizes, last = {}, {}, {}
for step, (node, freed) in enumerate(zip(graph.nodes, graph.freed)):
    for name, value in zip(node.outputs, run_node(node, values)):
        values[name], born[name], sizes[name] = value, step, np.asarray(value).nbytes
    last |= dict.fromkeys(freed, step)
count = len(graph.nodes)
names = list(born)
figure, ax = plt.subplots(figsize=(9, 4.6))
for row, name in enumerate(names):
    end = last.get(name, count)
    ax.barh(row, end - born[name], left=born[name], height=0.8,
            color=plt.cm.viridis(1 - sizes[name] / max(sizes.values())))  # fmt: skip
    ax.text(end + 0.15, row, f"{sizes[name]:,} bytes", va="center", fontsize=8)
ax.set_xticks(range(count), [node.op for node in graph.nodes], rotation=45, ha="right")
ax.set_yticks(range(len(names)), names)
ax.invert_yaxis()
ax.set(ylabel="value", title="The life of each value, from its writer to its last reader")

alive = [sum(sizes[n] for n in names if born[n] <= step <= last.get(n, count))
         for step in range(count)]  # fmt: skip
print(f"all values kept:               {sum(sizes.values()):,} bytes")
print(f"freed after their last reader: {max(alive):,} bytes at most")
