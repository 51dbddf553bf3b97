"""Multi-layer perceptron of a transformer block, applied to every token by itself.

    y = W_2 gelu(W_1 x + b_1) + b_2

Vaswani et al., "Attention Is All You Need", NIPS 2017, arXiv:1706.03762, section 3.3, with GELU
in place of ReLU.
"""

from npkpose._check import check_integer
from npkpose.nn.gelu import GELU
from npkpose.nn.linear import Linear
from npkpose.nn.module import Module


class Mlp(Module):
    """Map tokens (..., D) to tokens (..., D), D being ``dim``; the hidden layer has ``hidden_dim``.

    The children ``fc1`` (D to hidden) and ``fc2`` (hidden to D) are `Linear`; ``rng`` draws their
    weights.
    """

    def __init__(self, dim, hidden_dim, *, rng=None):
        super().__init__()
        dim = check_integer("dim", dim, 1)
        hidden_dim = check_integer("hidden_dim", hidden_dim, 1)
        self.fc1 = Linear(dim, hidden_dim, rng=rng)
        self.gelu = GELU()
        self.fc2 = Linear(hidden_dim, dim, rng=rng)

    def forward(self, x):
        """Return the map of each token; the layers keep what they need."""
        return self.fc2(self.gelu(self.fc1(x)))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        return self.fc1.backward(self.gelu.backward(self.fc2.backward(dy)))
