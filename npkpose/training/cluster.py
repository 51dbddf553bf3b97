"""Data-parallel training: a batch's gradient, computed in parts by the workers of a cluster.

    g = sum over parts i of (n_i / N) g_i        n_i of the N pictures are in part i

Every part is computed with the weights of this very step, and nobody goes on before all are
there: synchronous gradient descent, as in Goyal et al., "Accurate, Large Minibatch SGD", 2017,
arXiv:1706.02677. Where the loss is a mean over pictures (and not, say, over the keypoints that are
labelled in them), g is the gradient of the whole batch up to the rounding of sums. Where the
network holds `BatchNorm2d`, it is so only on running statistics: in training each part is
normalised by its own, of n_i pictures, which is another function than that of N. The running
statistics become the mean of the parts'.

A part's gradient depends on the network and the pictures alone. So it does not matter who
computes it: if a worker dies, Dask has another do its parts again, to the same bits, and the sum
goes by the order of parts. The result depends on how the batch was cut, not on how many workers
there are.

Dask (the ``scale`` extra) comes in with its client; nothing here imports it. It has its workers
give memory back at once (MALLOC_TRIM_THRESHOLD_ in its ``distributed.nanny.pre-spawn-environ``);
without that a part of a small network took 60 ms instead of 110.
"""

import copy
from typing import NamedTuple

import numpy as np

from npkpose.training.randomness import generators


class PartGradients(NamedTuple):
    """What a worker answers: ``gradients`` and ``buffers`` are ``{dotted name: array}``."""

    num_images: int
    loss: float
    gradients: dict
    buffers: dict


def mean_gradients(client, network, parts, loss):
    """Fill the network's ``grads`` as `backward` of the whole batch would; return the mean loss.

    Parameters
    ----------
    client : distributed.Client
        Or whatever has its ``submit`` and ``gather``.
    network : nn.Module
        Sent to the workers, which train a replica each; here ``grads`` and buffers are set.
    parts : sequence
        Batches with pictures ``x`` (n, ...), or Dask's futures of such, made by the workers.
    loss : callable(output, batch)
        Returns the loss, a mean over the batch's pictures, and its gradient with respect to
        ``output``. A function of a module, not a lambda, is the cheapest to send.

    Raises
    ------
    ValueError
        No parts, a part without pictures, or a network that draws random numbers (dropout),
        of which every replica would draw the same.
    """
    parts = list(parts)
    if not parts:
        raise ValueError("parts: expected at least one, got none")
    for name, _ in generators(network):
        raise ValueError(f"network: expected no random layers, got a generator, {name}")
    sent = client.submit(_itself, network, pure=False)  # once, and on from worker to worker
    tasks = [client.submit(part_gradients, sent, part, loss, pure=False) for part in parts]
    answers = client.gather(tasks)
    shares = np.array([answer.num_images for answer in answers], dtype=np.float64)
    shares /= shares.sum()
    _set_gradients(network, _mean(shares, [answer.gradients for answer in answers]))
    network.load_state_dict(_mean(shares, [answer.buffers for answer in answers]), strict=False)
    return float(shares @ [answer.loss for answer in answers])


def part_gradients(network, batch, loss):
    """Return the `PartGradients` of a batch; the network stays as it is."""
    if len(batch.x) == 0:
        raise ValueError("parts: expected pictures in each, got none in one")
    replica = copy.deepcopy(network).train()
    value, dy = loss(replica(batch.x), batch)
    replica.backward(dy)
    learned = dict(replica.named_parameters())
    state = replica.state_dict()
    buffers = {name: array for name, array in state.items() if name not in learned}
    return PartGradients(len(batch.x), value, dict(replica.named_gradients()), buffers)


def _itself(network):
    return network


def _mean(shares, states):
    """Return the weighted mean of each array, summed in float64; whole numbers are the first's."""
    means = {}
    for name, first in states[0].items():
        if first.dtype.kind == "f":
            total = sum(share * state[name] for share, state in zip(shares, states))
            means[name] = total.astype(first.dtype)
        else:
            means[name] = first
    return means


def _set_gradients(network, gradients):
    for prefix, module in network.named_modules():
        names = {name: f"{prefix}.{name}" if prefix else name for name in module.params}
        module.grads = {name: gradients[key] for name, key in names.items() if key in gradients}
