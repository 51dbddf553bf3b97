"""Layers in a row; a convolution and what follows it are one.

    relu(norm(conv(x)) + skip) = max(slope (weight * x) + (slope bias + offset) + skip, 0)

with the slope and offset of `BatchNorm2d.line`. Layers that can do this have a method
``forward_with``; while training it takes only a ReLU, and each layer keeps what it needs.
"""


def run(layers, x, skip=None):
    """Return ``x`` passed through ``layers``.

    ``skip``, if given, is added to the input of the last layer, a ReLU.
    """
    layers = list(layers)
    while layers:
        layer = layers.pop(0)
        if hasattr(layer, "forward_with"):
            x, used = layer.forward_with(x, layers, skip)
            del layers[:used]
        else:
            x = layer.forward(x if skip is None or layers else x + skip)
    return x
