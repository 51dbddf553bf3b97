"""The recipes of CONTRIBUTING.md: each patch is applied to a copy of the source, and its tests run.

The blocks are read as `git apply` reads them, but for the line numbers: a hunk is applied where its
old lines are found.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "CONTRIBUTING.md"
FILE = re.compile(r"^--- (\S+)\n\+\+\+ b/(\S+)\n", re.MULTILINE)
ENVIRONMENT = {"NPKPOSE_ENGINE": "plain"}  # the fast one would be compiled again in each copy
HUNK = re.compile(r"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@\n", re.MULTILINE)


def recipes():
    """Return {title: text} of the recipes."""
    _, *parts = re.split(r"^## Recipe \d+: ", DOCUMENT.read_text(encoding="utf-8"), flags=re.M)
    return {title: text.partition("\n## ")[0] for title, text in (p.split("\n", 1) for p in parts)}


def blocks(text, language):
    """Return the contents of the fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def patches(text):
    """Yield (path, is_new, [(old, new)]) of each file that the recipe's patches touch."""
    for block in blocks(text, "diff"):
        _, *parts = FILE.split(block)
        for before, path, body in zip(parts[::3], parts[1::3], parts[2::3]):
            yield path, before == "/dev/null", list(hunks(body))


def hunks(body):
    """Yield the old and new text of each hunk; its header counts their lines."""
    _, *parts = HUNK.split(body)
    for old_count, new_count, lines in zip(parts[::3], parts[1::3], parts[2::3]):
        old, new = ([line[1:] for line in lines.splitlines() if line[:1] in (" ", sign, "")]
                    for sign in "-+")  # fmt: skip
        assert [int(old_count or 1), int(new_count or 1)] == [len(old), len(new)]
        yield ["".join(f"{line}\n" for line in side) for side in (old, new)]


def apply(text, folder):
    """Apply the recipe's patches to the copy in ``folder``; return the touched paths."""
    touched = []
    for path, is_new, changes in patches(text):
        target = folder / path
        assert target.exists() != is_new, path
        source = "" if is_new else target.read_text(encoding="utf-8")
        for old, new in changes:
            assert is_new or source.count(old) == 1, f"{path} has no or two places for\n{old}"
            source = new if is_new else source.replace(old, new)
        target.write_text(source, encoding="utf-8")
        touched.append(path)
    return touched


def only_compiled(folder, names):
    """Of __pycache__ leave out what is not finished, as another process may be writing it."""
    if pathlib.Path(folder).name != "__pycache__":
        return []
    return [name for name in names if not name.endswith((".pyc", ".nbi", ".nbc"))]


def test_there_are_three_recipes_with_patches_and_a_command():
    assert len(recipes()) == 3
    for text in recipes().values():
        assert len(blocks(text, "sh")) == 1
        kinds = {path.split("/")[0] for path, _, changes in patches(text) if changes}
        assert kinds == {"npkpose", "tests"}


@pytest.mark.parametrize("title", recipes())
def test_a_recipe_applies_to_this_source(title, tmp_path):
    text = recipes()[title]
    for path, is_new, _ in patches(text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if not is_new:
            shutil.copy(ROOT / path, tmp_path / path)
    assert len(apply(text, tmp_path)) >= 3


def test_the_recipes_pass_their_tests(tmp_path):
    for name in ("npkpose", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=only_compiled)
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    commands = []
    for text in recipes().values():
        apply(text, tmp_path)
        commands.append(shlex.split(blocks(text, "sh")[0]))
    assert [command[:3] for command in commands] == [["python", "-m", "pytest"]] * 3
    # One process for the three: importing and compiling take longer than the tests.
    code = f"import pytest; print([int(pytest.main(a)) for a in {[c[3:] for c in commands]}])"
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment
    )
    assert done.stdout.endswith("[0, 0, 0]\n"), done.stdout + done.stderr
    assert "no tests ran" not in done.stdout
