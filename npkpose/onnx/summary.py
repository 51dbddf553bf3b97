"""A network as a table."""


def summarise(session):
    """Return the inputs and outputs of a session."""
    return "\n".join(map(str, [*session.inputs, "->", *session.outputs]))
