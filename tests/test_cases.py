"""Every folder of ../shared/data/cases behaves as its case.txt says; see tests/cases."""

import shutil

import pytest

from tests.cases import calls, files, photos, scores, space
from tests.cases.case import Case
from tests.conftest import SHARED

FOLDER = SHARED / "data" / "cases"
NAMES = sorted(path.name for path in FOLDER.glob("F*"))
CHECKS = {
    name.removeprefix("check_").upper(): check
    for module in (calls, files, photos, scores, space)
    for name, check in vars(module).items()
    if name.startswith("check_")
}


@pytest.fixture
def case(request, tmp_path_factory, monkeypatch, capsys):
    """A writable copy of the folder; beside it are those of the other cases."""
    pytest.importorskip("PIL", reason="images need Pillow")
    folder = tmp_path_factory.mktemp("cases") / request.param
    for name in {request.param, "F44", "F73"} & set(NAMES):
        shutil.copytree(FOLDER / name, folder.parent / name, copy_function=shutil.copyfile)
        (folder.parent / name).chmod(0o755)
    monkeypatch.chdir(folder)
    return Case(folder, SHARED / "data", monkeypatch, capsys)


@pytest.mark.skipif(not NAMES, reason="needs ../shared/data/cases: inputs that users reported")
@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_a_case_behaves_as_its_text_says(case):
    name = case.folder.name
    assert name in CHECKS, f"tests/cases: no function check_{name.lower()}"
    CHECKS[name](case)
