"""Find the images of an annotation file in a folder.

A file names its images as they lay where it was written: by base name, by a path below some folder,
with the backslashes of Windows, or by an absolute path of another machine. `find_images` looks for
a name in this order:

1. the name itself, below the folder
2. the name with slashes in place of backslashes
3. the base name, directly in the folder
4. of all files below the folder with this base name, the one whose path agrees longest with the
   name; if two agree equally, none
"""

import os
import pathlib


def find_images(folder, names):
    """Return the path of each image, or None for an image that is not there.

    Parameters
    ----------
    folder : path_like
        No file outside of it is returned.
    names : sequence of str
        Names or paths as an annotation file has them.
    """
    return list(map(_Finder(pathlib.Path(folder)), names))


class _Finder:
    """Function from a name to its path; lists the folder once, when a name needs it."""

    def __init__(self, folder):
        self.folder, self._below = folder, None

    def __call__(self, name):
        parts = tuple(p for p in name.replace("\\", "/").split("/") if p not in ("", "."))
        if not parts or "\0" in name:
            return None
        if not leaves_folder(name):
            for path in (self.folder / name, self.folder.joinpath(*parts)):
                if path.is_file():
                    return path
        path = self.folder / parts[-1]
        if parts[-1] != ".." and path.is_file():
            return path
        return self._find_below(parts)

    def _find_below(self, parts):
        if self._below is None:
            self._below = _files_by_name(self.folder)
        paths = self._below.get(parts[-1], [])
        agreements = [_common_tail(parts, path.parts) for path in paths]
        best = [p for p, n in zip(paths, agreements) if n == max(agreements)]
        return best[0] if len(best) == 1 else None


def leaves_folder(path):
    """Return whether a path is absolute or goes up, on this system or on Windows."""
    windows = pathlib.PureWindowsPath(path)
    return bool(pathlib.PurePath(path).is_absolute() or windows.root or ".." in windows.parts)


def _files_by_name(folder):
    """Return {base name: paths} of all files below a folder; folders behind links are left out."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            found.setdefault(name, []).append(pathlib.Path(root) / name)
    return found


def _common_tail(a, b):
    """Return how many last parts two paths have in common."""
    same = [one == other for one, other in zip(reversed(a), reversed(b))]
    return same.index(False) if False in same else len(same)
