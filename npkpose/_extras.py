"""Modules of the extras: each function returns what is needed, or says which extra to install."""


def require_pillow():
    """Return the module PIL.Image, or raise ImportError that says how to install it."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError('images need Pillow: pip install "npkpose[examples]"') from None
    return Image


def require_figure():
    """Return the class matplotlib.figure.Figure, or raise ImportError that says what to install.

    A figure that is made without pyplot needs no screen, no global backend and no closing.
    """
    try:
        import matplotlib.figure
    except ImportError:
        raise ImportError('plots need Matplotlib: pip install "npkpose[examples]"') from None
    return matplotlib.figure.Figure


def require_h5py():
    """Return the module h5py, or raise ImportError that says how to install it."""
    try:
        import h5py
    except ImportError:
        raise ImportError('.h5 files need h5py: pip install "npkpose[formats]"') from None
    return h5py


def require_av():
    """Return the module av (PyAV), or raise ImportError that says how to install it."""
    try:
        import av
    except ImportError:
        raise ImportError('videos need PyAV: pip install "npkpose[video]"') from None
    return av


def require_pooch():
    """Return the module pooch, or raise ImportError that says how to install it."""
    try:
        import pooch
        import tqdm  # noqa: F401
    except ImportError:
        raise ImportError(
            'downloads of weights need pooch and tqdm: pip install "npkpose[weights]"; or download '
            "a file yourself and give it with --weights FILE"
        ) from None
    return pooch


def plot_suffixes():
    """Return the suffixes of the files that Matplotlib writes, such as ".png"."""
    return [f".{name}" for name in sorted(require_figure()().canvas.get_supported_filetypes())]
