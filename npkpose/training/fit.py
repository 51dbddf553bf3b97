"""The training loop: forward, loss, backward, step.

for x, target, weight in batches:
    loss = mean(weight * (model(x) - target)^2)
    model.backward(dloss/dy);  optimizer.step();  schedule.step()
"""

import math

from npkpose import nn
from npkpose.engine.malloc import keep_freed_memory
from npkpose.training.data_parallel import DataParallel


def fit(model, batches, optimizer, schedule=None, report=None):
    """Train ``model`` on every batch in turn; return the losses, one float per step.

    Parameters
    ----------
    model : nn.Module
        Left in training mode.
    batches : iterable of (x, target, weight)
        As `nn.mse_loss` takes them; weight may be None.
    optimizer : nn.Optimizer of the model
    schedule : nn.Schedule of the optimizer, optional
    report : callable(step, loss), optional
        Called after every step.

    Raises
    ------
    FloatingPointError
        The loss is not finite; the weights are those before the step.
    """
    keep_freed_memory()
    model.train()
    losses, shared = [], DataParallel(model)
    with nn.no_input_gradient(model):
        for step, (x, target, weight) in enumerate(batches):
            y = shared(x)
            loss, dy = nn.mse_loss(y, target, weight)
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"loss is {loss} at step {step}: look at the batch for values that are not "
                    f"finite, then at the learning rate ({optimizer.lr:g})"
                )
            shared.backward(dy)
            optimizer.step()
            if schedule is not None:
                schedule.step()
            losses.append(loss)
            if report is not None:
                report(step, loss)
    return losses


def adam_with_warmup(model, steps, lr=2e-2, warmup=20):
    """Return Adam and a schedule of a linear warm-up, then half a cosine to zero.

    The learning rate is ten times the usual one. Small networks tolerate it if Adam's moments
    have a short memory: betas (0.8, 0.99).
    """
    optimizer = nn.Adam(model, lr=lr, betas=(0.8, 0.99))
    return optimizer, warmup_and_cosine(optimizer, steps, warmup)


def warmup_and_cosine(optimizer, steps, warmup):
    """Return the schedule of a linear warm-up, then half a cosine to zero after the last step."""
    warmup = max(min(warmup, steps - 1), 1)
    return nn.SequentialLR(
        optimizer,
        [
            nn.LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup),
            nn.CosineAnnealingLR(optimizer, T_max=max(steps - warmup, 1)),
        ],
        milestones=[warmup],
    )
