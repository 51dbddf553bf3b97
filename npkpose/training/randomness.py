"""The states of a network's random generators (of dropout, for example) as arrays, and back."""

import json

import numpy as np


def generators(module):
    """Yield ``(name, generator)`` for each `numpy.random.Generator` that a layer holds."""
    for prefix, layer in module.named_modules():
        for name, value in vars(layer).items():
            if isinstance(value, np.random.Generator):
                yield f"{prefix}.{name}" if prefix else name, value


def random_state(module):
    """Return ``{name: array of uint8}``: each generator's state as JSON text."""
    return {
        name: np.frombuffer(json.dumps(g.bit_generator.state).encode(), np.uint8)
        for name, g in generators(module)
    }


def set_random_state(module, state):
    """Restore what `random_state` returned; ValueError where the generators differ."""
    held = dict(generators(module))
    if held.keys() != state.keys():
        raise ValueError(f"state: expected random generators {sorted(held)}, got {sorted(state)}")
    for name, generator in held.items():
        try:
            generator.bit_generator.state = json.loads(bytes(np.asarray(state[name])))
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"{name}: expected the state of a generator, got {error}") from None
