"""What the extras bring: each function returns a module, or says which extra to install."""


def require_pillow():
    """Return the module PIL.Image, or raise ImportError that says how to install it."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError('pictures need Pillow: pip install "npkpose[examples]"') from None
    return Image


def require_matplotlib():
    """Return matplotlib.pyplot without a screen, or raise ImportError that says what to install."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError('plots need Matplotlib: pip install "npkpose[examples]"') from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
