import subprocess
import sys

import pytest

from npkpose._extras import require_av, require_figure, require_pillow, require_pooch

GUARDS = {"PIL": (require_pillow, "examples"), "matplotlib": (require_figure, "examples"),
          "av": (require_av, "video"), "pooch": (require_pooch, "weights")}  # fmt: skip


@pytest.mark.parametrize("package", GUARDS)
def test_a_missing_package_is_an_error_that_names_the_extra(package, monkeypatch):
    guard, extra = GUARDS[package]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'pip install "npkpose\[{extra}\]"'):
        guard()


def test_a_figure_is_saved_without_pyplot_and_without_a_screen(tmp_path):
    pytest.importorskip("matplotlib")
    code = (
        "import sys; from npkpose._extras import require_figure\n"
        "require_figure()(figsize=(1, 1)).savefig('figure.png')\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
