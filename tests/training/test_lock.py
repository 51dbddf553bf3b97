import os
import subprocess
import sys

import pytest

from npkpose.training.lock import lock_folder

HOLD = """
import sys
from npkpose.training.lock import lock_folder
with lock_folder(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of the folder."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=pipe, stdout=pipe, env=environment
    ) as process:
        assert process.stdout.readline().strip() == b"locked"
        yield process
        process.kill()


def test_the_process_that_holds_the_lock_is_named(holder, tmp_path):
    message = f"expected no other training in this folder, got process {holder.pid}"
    with pytest.raises(BlockingIOError, match=message):
        with lock_folder(tmp_path):
            pass


def test_a_process_that_is_killed_drops_its_lock(holder, tmp_path):
    holder.kill()
    holder.wait()
    with lock_folder(tmp_path):
        pass


def test_a_lock_is_free_again_after_the_block_and_not_before(tmp_path):
    with pytest.raises(KeyError):
        with lock_folder(tmp_path):
            with pytest.raises(BlockingIOError, match=f"got process {os.getpid()}"):
                with lock_folder(tmp_path):
                    pass
            raise KeyError
    with lock_folder(tmp_path):
        pass
