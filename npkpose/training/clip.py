"""Gradient clipping: a gradient longer than a limit is scaled down to it.

    g <- g min(1, max_norm / |g|),    |g| over all parameters together

Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML
2013, arXiv:1211.5063.
"""

import math

import numpy as np

from npkpose._check import check_kind, check_number
from npkpose.nn import Module


def clip_gradients(module, max_norm=math.inf):
    """Scale the module's gradients in place; return their norm before that, a float."""
    if not (isinstance(max_norm, float) and max_norm == math.inf):
        max_norm = check_number("max_norm", max_norm, above=0.0)
    named = check_kind("module", module, Module).named_gradients()
    gradients = [gradient for _, gradient in named]
    norm = math.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in gradients))
    if norm > max_norm:
        for gradient in gradients:
            gradient *= gradient.dtype.type(max_norm / norm)
    return norm
