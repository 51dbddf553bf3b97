"""All that exists for speed: tiles, threads, kernels. Arrays in, arrays out; no layers here.

`npkpose.nn` holds the plain version of each function under the same name; the two meet at
`npkpose.nn.faster`. Read in this order:

    conv_forward.py conv_backward.py    a convolution and its gradients, split among threads
    conv_kernels.py depthwise.py        one thread's task, compiled
    tiling.py                           how work is split
    threads.py ranks.py scratch.py      tasks on all cores; tasks that exchange values; buffers
    openblas.py gemm.py matmul.py       the matrix product that NumPy comes with
    normalise.py elementwise.py         one pass over memory where NumPy takes several
    gelu.py attention.py transformer.py the parts of a transformer
    malloc.py                           memory of a training step, kept for the next
"""

from npkpose.engine.attention import attend
from npkpose.engine.conv_backward import (
    conv2d_input_gradient,
    conv2d_weight_gradient,
    conv_transpose2d,
)
from npkpose.engine.conv_forward import Epilogue, conv2d, convolve
from npkpose.engine.elementwise import (
    adam_step,
    relu_backward,
    run_elementwise,
    squared_error,
)
from npkpose.engine.gelu import gelu
from npkpose.engine.malloc import keep_freed_memory
from npkpose.engine.matmul import matmul
from npkpose.engine.normalise import (
    channel_sums,
    gradient_sums,
    moments,
    normalise,
    normalise_backward,
)
from npkpose.engine.ranks import all_gather, rank, run_ranks
from npkpose.engine.threads import num_threads, run_all, use_threads

__all__ = [
    "Epilogue", "adam_step", "all_gather", "attend", "channel_sums", "conv2d",
    "conv2d_input_gradient", "conv2d_weight_gradient", "conv_transpose2d", "convolve", "gelu",
    "gradient_sums", "keep_freed_memory", "matmul", "moments", "normalise", "normalise_backward",
    "num_threads", "rank", "relu_backward", "run_all", "run_elementwise", "run_ranks",
    "squared_error", "use_threads",
]  # fmt: skip
