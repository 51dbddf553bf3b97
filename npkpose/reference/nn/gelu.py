import math

import numpy as np


def gelu_from_bell(x, bell, mills, constants, tail, y):
    """Twin of `gelu.gelu_from_bell`: the definition, in float64; only ``x`` is read."""
    below = np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in x.astype(float)])  # Phi(x)
    tail[:] = np.minimum(below, 1 - below)
    y[:] = x * below
