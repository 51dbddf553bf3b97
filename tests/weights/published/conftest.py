import hashlib
import io
import zipfile

import pytest

from npkpose.weights.published import cache, download, manifest

from .server import serve

WEIGHTS = b"PK\3\4" + bytes(range(256)) * 800  # 200 kB


def zipped(members):
    """Return a zip archive of {path: bytes}."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in members.items():
            archive.writestr(path, content)
    return buffer.getvalue()


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("pooch")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "TIMEOUT", (0.3, 0.2))
    with serve({"w.pth": WEIGHTS}) as found:
        yield found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache, an empty folder."""
    monkeypatch.setenv("NPKPOSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def publish(monkeypatch, folder):
    """A function that makes one entry the whole manifest: publish(urls, hash=...)."""

    def publish(urls, **fields):
        entry = manifest.Entry(
            **{
                "name": "net", "file": "w.pth", "urls": urls, "page": None, "size": None,
                "hash": hashlib.sha256(WEIGHTS).hexdigest(), "licence": "MIT", "data": "COCO",
                "score": None, "network": "hrnet-w32", "preprocessing": {}, **fields,
            }
        )  # fmt: skip
        for module in (manifest, cache):
            monkeypatch.setattr(module, "entries", lambda: {"net": entry})
        return entry

    return publish
