import subprocess
import sys

import pytest

<<<<<<< HEAD
from npkpose._extras import require_av, require_figure, require_pillow
=======
from npkpose._extras import require_figure, require_pillow, require_pooch
>>>>>>> 3da3b41 (Published weights by name: the manifest, the cache, and downloads that are checked, resumed and locked)

GUARDS = {"PIL": (require_pillow, "examples"), "matplotlib": (require_figure, "examples"),
          "av": (require_av, "video")}  # fmt: skip


@pytest.mark.parametrize("package", GUARDS)
def test_a_missing_package_is_an_error_that_names_the_extra(package, monkeypatch):
    guard, extra = GUARDS[package]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'pip install "npkpose\[{extra}\]"'):
        guard()


def test_downloads_without_pooch_name_the_extra_and_what_works_without_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'pip install "npkpose\[weights\]"; or .*--weights FILE'):
        require_pooch()


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
