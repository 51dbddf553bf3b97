"""A progress bar if tqdm is installed and the stream is a terminal, else ten lines of text."""

import sys


def progress(steps, first=0, stream=None, score="ap"):
    """Return a context manager with ``show(step, loss, best)``, for steps ``first`` to ``steps``.

    ``best`` is the best score so far, below 0 if there is none; ``score`` is its name.
    """
    stream = sys.stderr if stream is None else stream
    try:
        from tqdm import tqdm
    except ImportError:
        tqdm = None
    if tqdm is None or not stream.isatty():
        return _Lines(steps, score, stream)
    return _Bar(tqdm(total=steps, initial=first, file=stream), score)


class _Lines:
    def __init__(self, steps, score, stream):
        self.steps, self.score, self.stream = steps, score, stream

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def show(self, step, loss, best):
        if step % max(self.steps // 10, 1) == 0:
            text = f"step {step} of {self.steps}: {_summary(loss, self.score, best)}"
            print(text, file=self.stream, flush=True)


class _Bar:
    def __init__(self, bar, score):
        self.bar, self.score = bar, score

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def show(self, step, loss, best):
        self.bar.set_postfix_str(_summary(loss, self.score, best), refresh=False)
        self.bar.update(step - self.bar.n)


def _summary(loss, score, best):
    return f"loss {loss:.5f}" + (f", best {score.upper()} {best:.3f}" if best >= 0 else "")
