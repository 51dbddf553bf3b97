"""Data-parallel training: the workers of a cluster compute a batch's gradient in parts.

    g = sum over parts i of (n_i / N) g_i        part i has n_i of the N images

All parts are computed with the weights of the same step, and the step waits for all of them:
synchronous gradient descent, as in Goyal et al., "Accurate, Large Minibatch SGD", 2017,
arXiv:1706.02677. If the loss is a mean over images (and not, for example, over their labelled
keypoints), g is the gradient of the whole batch up to the rounding of sums. With `BatchNorm2d`,
this holds only on running statistics: in training, each part is normalised by the statistics of its
own n_i images and not of all N. The new running statistics are the mean of the parts'.

A part's gradient depends only on the network and the images. So it does not matter which worker
computes it: if one dies, Dask lets another compute its parts again, to the same bits, and parts are
summed in their order. The result depends on the parts, not on the number of workers.

Dask (the ``scale`` extra) enters with its client; nothing here imports it. Its workers return freed
memory at once (MALLOC_TRIM_THRESHOLD_ in its ``distributed.nanny.pre-spawn-environ``); without
that setting, a part of a small network took 60 ms instead of 110.
"""

import copy
from typing import NamedTuple

import numpy as np

from npkpose.training.randomness import generators


class PartGradients(NamedTuple):
    """A worker's result: ``gradients`` and ``buffers`` are ``{dotted name: array}``."""

    num_images: int
    loss: float
    gradients: dict
    buffers: dict


def mean_gradients(client, network, parts, loss):
    """Fill the network's ``grads`` as `backward` of the whole batch would; return the mean loss.

    Parameters
    ----------
    client : distributed.Client
        Or another object with its ``submit`` and ``gather``.
    network : nn.Module
        Sent to the workers, each of which uses a replica; its ``grads`` and buffers are set here.
    parts : sequence
        Batches with images ``x`` (n, ...), or Dask's futures of such batches.
    loss : callable(output, batch)
        Returns the loss, a mean over the batch's images, and its gradient with respect to
        ``output``. A function of a module, not a lambda, is the cheapest to send.

    Raises
    ------
    ValueError
        No parts, a part without images, or a network with random layers (dropout): all replicas
        would draw the same numbers.
    """
    parts = list(parts)
    if not parts:
        raise ValueError("parts: expected at least one, got none")
    for name, _ in generators(network):
        raise ValueError(f"network: expected no random layers, got a generator, {name}")
    sent = client.submit(_identity, network, pure=False)  # once; workers pass it on
    tasks = [client.submit(part_gradients, sent, part, loss, pure=False) for part in parts]
    results = client.gather(tasks)
    weights = np.array([result.num_images for result in results], dtype=np.float64)
    weights /= weights.sum()
    _set_gradients(network, _mean(weights, [result.gradients for result in results]))
    network.load_state_dict(_mean(weights, [result.buffers for result in results]), strict=False)
    return float(weights @ [result.loss for result in results])


def part_gradients(network, batch, loss):
    """Return the `PartGradients` of a batch; the network does not change."""
    if len(batch.x) == 0:
        raise ValueError("parts: expected images in each, got none in one")
    replica = copy.deepcopy(network).train()
    value, dy = loss(replica(batch.x), batch)
    replica.backward(dy)
    parameters = dict(replica.named_parameters())
    state = replica.state_dict()
    buffers = {name: array for name, array in state.items() if name not in parameters}
    return PartGradients(len(batch.x), value, dict(replica.named_gradients()), buffers)


def _identity(network):
    return network


def _mean(weights, states):
    """Return the weighted mean of each array, summed in float64; integers are the first state's."""
    means = {}
    for name, first in states[0].items():
        if first.dtype.kind == "f":
            total = sum(weight * state[name] for weight, state in zip(weights, states))
            means[name] = total.astype(first.dtype)
        else:
            means[name] = first
    return means


def _set_gradients(network, gradients):
    for prefix, module in network.named_modules():
        names = {name: f"{prefix}.{name}" if prefix else name for name in module.params}
        module.grads = {name: gradients[key] for name, key in names.items() if key in gradients}
