"""All that exists for speed: tiles, threads, kernels. Arrays in, arrays out; no layers here.

`npkpose.nn` holds the plain version of each function under the same name; the two meet at
`npkpose.nn.faster`. Read in this order:

    vectors.py register_tile.py         the arithmetic: a tile whose sums stay in registers
    product_tile.py                     a tile for weight gradients
    elementary.py activations.py        exp; what comes after a sum
    conv_forward.py conv_backward.py    a convolution and its gradients
    pack_taps.py                        a weight in the order of a transposed convolution
    conv_plan.py planes.py              where pixels are read, in which chunks; copies of them
    conv_kernels.py                     a chunk, compiled
    winograd_transforms.py              3x3 taps, pixels and windows as values of polynomials
    winograd_plan.py winograd_kernels.py  where that pays, in which chunks; a chunk, compiled
    winograd.py                         a 3x3 convolution of a quarter of the multiplications
    conv_weight.py few_windows.py       the gradient of a weight, of many or of few windows
    depthwise.py                        and of depthwise convolutions
    products.py attention.py            matrix products; attention
    gelu.py elu.py                      activations
    normalise.py elementwise.py         one pass over memory where NumPy takes several
    program.py                          a network as jobs that follow each other without Python
    channels.py pointwise.py rows.py    its steps besides convolutions and products
    copies.py windows.py                and those that move numbers, or slide over images
    transformer.py                      transformer blocks as such a program
    atomics.py jobs.py                  chunks of one job on all threads, without Python
    threads.py ranks.py tiling.py       tasks on all cores; tasks that exchange values; parts
    scratch.py malloc.py                buffers; memory of a training step, kept for the next
    openblas.py                         one thread for each of NumPy's own products
"""

from npkpose.engine.attention import attend
from npkpose.engine.conv_backward import (
    conv2d_input_gradient,
    conv2d_weight_gradient,
    conv_transpose2d,
)
from npkpose.engine.conv_forward import Epilogue, conv2d, convolve
from npkpose.engine.elementwise import adam_step, run_elementwise, squared_error
from npkpose.engine.elu import elu
from npkpose.engine.gelu import gelu
from npkpose.engine.malloc import keep_freed_memory
from npkpose.engine.normalise import (
    channel_sums,
    fold_statistics,
    gradient_sums,
    moments,
    normalise,
    normalise_backward,
    relu_backward,
)
from npkpose.engine.products import matmul
from npkpose.engine.ranks import all_gather, rank, run_ranks
from npkpose.engine.threads import num_threads, run_all, use_threads
from npkpose.engine.transformer import Tokens, kept_tokens, normalise_tokens
from npkpose.engine.winograd import convolve_in_evaluation

__all__ = [
    "Epilogue", "Tokens", "adam_step", "all_gather", "attend", "channel_sums", "conv2d",
    "conv2d_input_gradient", "conv2d_weight_gradient", "conv_transpose2d", "convolve",
    "convolve_in_evaluation", "elu", "fold_statistics", "gelu", "gradient_sums",
    "keep_freed_memory", "kept_tokens", "matmul", "moments", "normalise", "normalise_backward",
    "normalise_tokens", "num_threads", "rank", "relu_backward", "run_all", "run_elementwise",
    "run_ranks", "squared_error", "use_threads",
]  # fmt: skip
