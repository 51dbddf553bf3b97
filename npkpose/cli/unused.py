"""Options that the other options leave without effect: they are refused, or a mistake stays unseen.

A command that uses these functions sets ``default_of``, its parser's ``get_default``, on its
options.
"""

OPTIONS = {"read_as": "from", "write_as": "to"}  # that are not called as their attributes


def refuse_unused(options, names, reason):
    """Raise ValueError if one of these options has another value than its default."""
    for option in _given(options, names):
        raise ValueError(f"{option}: expected none, since {reason}")


def refuse_alone(options, names, needed):
    """Raise ValueError if one of these options is given; ``needed``, such as --smooth, is not."""
    for option in _given(options, names):
        raise ValueError(f"{option}: expected {needed} beside it, got none")


def _given(options, names):
    """Yield the options, of these attributes, whose value is not the default."""
    for name in names:
        if getattr(options, name) != options.default_of(name):
            yield f"--{OPTIONS.get(name, name).replace('_', '-')}"
