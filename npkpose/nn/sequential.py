"""Layers applied one after the other."""

from npkpose.nn.fuse import run
from npkpose.nn.module import Module


class Sequential(Module):
    """Layers applied one after the other; children are named "0", "1", ..."""

    def __init__(self, *layers):
        super().__init__()
        for i, layer in enumerate(layers):
            if not isinstance(layer, Module):
                raise ValueError(f"layers[{i}]: expected a Module, got {type(layer).__name__}")
        self.layers = list(layers)

    def __len__(self):
        return len(self.layers)

    def __getitem__(self, i):
        return self.layers[i]

    def named_children(self):
        """Yield ``("0", first layer)``, ``("1", second layer)``, ..."""
        for i, layer in enumerate(self.layers):
            yield str(i), layer

    def forward(self, x):
        """Return ``x`` passed through every layer; the layers keep what they need."""
        return run(self.layers, x)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy
