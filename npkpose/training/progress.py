"""A progress bar if tqdm is installed and the stream is a terminal, else ten lines of text."""

import sys


def progress(steps, first=0, stream=None):
    """Return a context manager with ``show(step, loss, ap)``, for steps ``first`` to ``steps``."""
    stream = sys.stderr if stream is None else stream
    try:
        from tqdm import tqdm
    except ImportError:
        tqdm = None
    if tqdm is None or not stream.isatty():
        return _Lines(steps, stream)
    return _Bar(tqdm(total=steps, initial=first, file=stream))


class _Lines:
    def __init__(self, steps, stream):
        self.steps, self.stream = steps, stream

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def show(self, step, loss, ap):
        if step % max(self.steps // 10, 1) == 0:
            text = f"step {step} of {self.steps}: {_summary(loss, ap)}"
            print(text, file=self.stream, flush=True)


class _Bar:
    def __init__(self, bar):
        self.bar = bar

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def show(self, step, loss, ap):
        self.bar.set_postfix_str(_summary(loss, ap), refresh=False)
        self.bar.update(step - self.bar.n)


def _summary(loss, ap):
    return f"loss {loss:.5f}" + (f", best AP {ap:.3f}" if ap >= 0 else "")
