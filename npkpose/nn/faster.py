"""The compiled loops of layers or, where they cannot be had, their twins in NumPy.

The twins do the work without compilation (NUMBA_DISABLE_JIT), and those of `npkpose.engine.conv_kernels`
also where NumPy has come without the library that `npkpose.engine.gemm` needs.
"""

import numba

from npkpose.engine.gemm import LINKED

if numba.config.DISABLE_JIT:
    from npkpose.reference.engine import conv_kernels as windows
    from npkpose.reference.engine import elementwise as passes
else:
    from npkpose.engine import conv_kernels as windows
    from npkpose.engine import elementwise as passes
products = windows
if not LINKED:
    from npkpose.reference.engine import conv_kernels as products

adam, rectify_gradient, channel_sums = passes.adam, passes.rectify_gradient, passes.channel_sums
squares, moments, normalise = passes.squares, passes.moments, passes.normalise
gradient_moments, normalise_gradient = passes.gradient_moments, passes.normalise_gradient
convolve_rows, weight_gradient_rows = products.convolve_rows, products.weight_gradient_rows
sum_shifted = windows.sum_shifted
