"""He initialisation: weights that keep the variance of a signal through ReLUs.

    weight ~ Normal(0, 2 / fan_in)

fan_in is the number of products summed in one output. ReLU halves the mean square,
which the 2 restores. He et al., "Delving Deep into Rectifiers: Surpassing Human-Level
Performance on ImageNet Classification", ICCV 2015, arXiv:1502.01852.
"""

import numpy as np

from npkpose._check import check_integer, check_memory, check_number, check_rng
from npkpose.nn._shapes import check_list


def kaiming_normal(shape, fan_in, rng=None):
    """Return float32 weights of ``shape``, normal with variance 2 / ``fan_in``.

    ``shape`` is a sequence of lengths.
    ``rng`` is a `numpy.random.Generator`; None means ``default_rng(0)``, so a layer
    made without one is the same every time. Pass one ``rng`` to all the layers of a
    network, otherwise layers of the same shape start equal.
    """
    lengths = check_list("shape", shape, object)
    shape = tuple(check_integer("shape", length) for length in lengths)
    fan_in = check_number("fan_in", fan_in, above=0.0)
    rng = np.random.default_rng(0) if rng is None else check_rng(rng)
    scale = np.float32(np.sqrt(2.0 / fan_in))
    with check_memory("shape"):
        return scale * rng.standard_normal(shape, dtype=np.float32)
