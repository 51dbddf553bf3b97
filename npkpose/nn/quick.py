"""The compiled loops of layers or, where they cannot be had, their twins in NumPy.

The twins do the work without compilation (NUMBA_DISABLE_JIT), and those of `npkpose.nn.windows`
also where NumPy has come without the library that `npkpose.nn.gemm` needs.
"""

import numba

from npkpose.nn.gemm import LINKED

if numba.config.DISABLE_JIT:
    from npkpose.reference import passes, windows
else:
    from npkpose.nn import passes, windows
products = windows
if not LINKED:
    from npkpose.reference import windows as products

adam, rectify_gradient, channel_sums = passes.adam, passes.rectify_gradient, passes.channel_sums
squares, moments, normalise = passes.squares, passes.moments, passes.normalise
gradient_moments, normalise_gradient = passes.gradient_moments, passes.normalise_gradient
convolve_rows, weight_gradient_rows = products.convolve_rows, products.weight_gradient_rows
sum_shifted = windows.sum_shifted
