"""The folder of a run: its files, whether they are this run's own, and who may write there.

    checkpoint.npz    everything that the next step depends on
    log.csv           a row every few steps
    best.npz          the averaged weights of the best evaluation
    weights.npz       the averaged weights at the end
    curves.png        the log, plotted

A run replaces these files. So a folder where one of them is not a run's own is refused, and one
process at a time may train in a folder.
"""

import os
import pathlib

from npkpose.training.lock import lock_folder
from npkpose.weights.files import remove_unfinished

CHECKPOINT, BEST, WEIGHTS, LOG, CURVES = (
    "checkpoint.npz", "best.npz", "weights.npz", "log.csv", "curves.png",
)  # fmt: skip


class RunFolder:
    """A folder that a run writes to; it is made if it is missing.

    Raises
    ------
    ValueError
        One of the files of a run is there, but neither a checkpoint nor a log of these columns.
    """

    def __init__(self, folder, columns):
        self.path = pathlib.Path(folder)
        self.path.mkdir(parents=True, exist_ok=True)
        self.checkpoint, self.log = self.path / CHECKPOINT, self.path / LOG
        self._version = self._read_version()
        if not self.checkpoint.exists() and not self._has_log(columns):
            for name in (LOG, BEST, WEIGHTS, CURVES):
                if (self.path / name).exists():
                    raise ValueError(
                        f"{self.path}: expected a new folder or one of a training run, got "
                        f"{name} without a checkpoint"
                    )

    def lock(self):
        """Return a context in which no other process trains here; see `lock_folder`."""
        return lock_folder(self.path)

    def check_unchanged(self):
        """Raise ValueError if another process wrote the checkpoint since it was read or written."""
        if self._read_version() != self._version:
            raise ValueError(
                f"{self.checkpoint}: expected the checkpoint that this run read, got another one"
            )

    def note_checkpoint(self):
        """Remember the checkpoint as this run's own."""
        self._version = self._read_version()

    def clean(self):
        """Remove what a run that was killed left unfinished; call it while the lock is held."""
        remove_unfinished(self.path)

    def _read_version(self):
        try:
            status = os.stat(self.checkpoint)
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _has_log(self, columns):
        header = ",".join(columns).encode()
        try:
            with open(self.log, "rb") as file:
                return file.read(len(header) + 1) == header + b"\n"
        except FileNotFoundError:
            return False
