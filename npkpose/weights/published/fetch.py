"""A name to a file: the cache's, or a download's that is checked before it gets its name."""

import contextlib
import errno
import logging
import os
import pathlib
import sys

from npkpose._extras import require_pooch
from npkpose.weights.published.cache import (
    beside,
    is_cached,
    locked,
    path_of,
    read_record,
    write_record,
)
from npkpose.weights.published.check import Refused, check_file, check_inner
from npkpose.weights.published.download import download
from npkpose.weights.published.manifest import find_entry
from npkpose.weights.published.unpack import INNER, unpack

LOG = logging.getLogger("npkpose")


def fetch(name, *, offline=False, quiet=False):
    """Return the path of a published file of weights, which is downloaded on first use.

    Parameters
    ----------
    name : str
        A name that ``npkpose models`` lists.
    offline : bool
        Download nothing: the cache has the file, or it is an error.
    quiet : bool
        Do not print the licences before a download, nor a progress bar. Both go to stderr.

    Returns
    -------
    path : pathlib.Path
        In the cache, a folder of the platform or that of the environment variable NPKPOSE_CACHE.
        A file that you put there yourself is used if its hash is right.

    Raises
    ------
    ValueError
        An unknown name.
    OSError
        The file cannot be had; the message says what every server did, and what to do.
    ImportError
        pooch is not installed, and the file is not in the cache.
    """
    entry = find_entry(name)
    path = path_of(entry)
    if is_cached(entry):
        return path
    if path.is_file():  # put there by hand, or changed since
        return _accept(entry, path)
    _check_can_download(entry, path, offline)
    pooch = require_pooch()
    path.parent.mkdir(parents=True, exist_ok=True)
    say = _silent if quiet else LOG.warning  # shown on stderr unless the program says otherwise
    with locked(path, lambda: say(f"{name}: another process downloads it; waiting")):
        if not is_cached(entry):
            _download(entry, path, pooch, say)
    return path


def _accept(entry, path):
    """Return the path of a file without a record if it is the published one, and record it."""
    check = check_inner if entry.is_archive else check_file
    try:
        check(path, entry, read_record(path))
    except Refused as error:
        what = str(error).removeprefix("sent another file: ")
        raise OSError(f"{path}: not the published file of {entry.name}: {what}") from None
    with contextlib.suppress(OSError):  # a folder that many share may be read-only
        write_record(path, path, "")
    return path


def _check_can_download(entry, path, offline):
    """Raise OSError, which says what to do, if no download is possible or wanted."""
    if not entry.urls:
        raise OSError(
            f"{entry.name}: programs cannot download this file: open {entry.page} in a browser, "
            f"download {entry.file} and {_by_hand(entry, path)}"
        )
    if offline:
        raise OSError(
            f"{entry.name}: {path} is not there, and offline nothing is downloaded; download "
            f"{entry.urls[0]} elsewhere, and {_by_hand(entry, path)}"
        )


def _download(entry, path, pooch, say):
    """Try each address; leave the checked file and its record in the cache."""
    say(f"{entry.name}: {entry.file}, {entry.megabytes}")
    say(f"  licence of the weights: {entry.licence}")
    say(f"  learnt from: {entry.data}")
    failures = []
    for url in entry.urls:
        if failures:
            say(f"  no file from there; the next address is {url}")
        try:
            _retrieve(pooch, url, path, _Getter(entry, say))
            with contextlib.suppress(OSError):  # Windows removes no open file
                beside(path, ".lock").unlink()
            for failure in failures:  # or else the error tells them
                say(f"  {failure}")
            return
        except Refused as error:
            failures.append(f"{url} {error}")
    raise OSError(
        f"{entry.name}: no server gave {entry.file}, and none of them is ours: "
        f"{'; '.join(failures)}. Try again later, or search for {_published_name(entry)} and "
        f"{_by_hand(entry, path)}"
    )


def _retrieve(pooch, url, path, getter):
    """Let pooch call ``getter`` and move what it leaves to ``path``."""
    try:
        with _silent_pooch(pooch):
            pooch.retrieve(url, None, path.name, path.parent, downloader=getter)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise OSError(
            f"{path.parent}: no space left for {path.name}; NPKPOSE_CACHE may name another folder"
        ) from None


def _by_hand(entry, path):
    it = f"the {INNER} in it" if entry.is_archive else "it"
    option = "--detector" if entry.preprocessing.get("finds") == "boxes" else "--weights"
    return f"give {it} with {option} FILE, or put {it} into the cache as {path}"


def _published_name(entry):
    """Return the file's name in the address, which may differ from that in the cache."""
    return pathlib.PurePosixPath(entry.urls[0]).name


class _Getter:
    """Downloads, checks and unpacks one file, as pooch calls a downloader.

    What it leaves at ``target`` is whole and right; pooch then moves it to its name.
    """

    def __init__(self, entry, say):
        self.entry, self.say = entry, say

    def __call__(self, url, target, pooch):
        path = path_of(self.entry)
        part, target = beside(path, ".part"), pathlib.Path(target)
        self._download(url, part)
        record = read_record(path)
        try:
            check_file(part, self.entry, record)
            if self.entry.is_archive:
                unpack(part, target)
                check_inner(target, self.entry, record)
        except Refused:
            part.unlink(missing_ok=True)  # not to be resumed
            raise
        if not self.entry.is_archive:
            os.replace(part, target)
        write_record(path, target, url)
        for left in (part, beside(part, ".origin")):
            left.unlink(missing_ok=True)

    def _download(self, url, part):
        if self.say is _silent:
            return download(url, part, self.entry.size)
        with contextlib.ExitStack() as stack:
            bar = _Bar(stack, self.entry.file)
            return download(url, part, self.entry.size, bar)


class _Bar:
    """A progress bar; tqdm shows none where stderr is no terminal."""

    def __init__(self, stack, title):
        from tqdm import tqdm

        self.bar = stack.enter_context(
            tqdm(desc=f"  {title:.40}", unit="B", unit_scale=True, disable=None, file=sys.stderr)
        )

    def __call__(self, done, whole):
        self.bar.total = whole
        self.bar.update(done - self.bar.n)


@contextlib.contextmanager
def _silent_pooch(pooch):
    """Keep pooch from printing its own lines about a download."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _silent(text):
    pass
