"""Every file format that npkpose reads: a small valid file, and its reader.

The files of weights and bodies are those that the readers' own tests write.
"""

import contextlib
import io
import json
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from npkpose import COCO_17, evaluate_coco, tflite, weights
from npkpose.cli.boxes import read_boxes
from npkpose.cli.lift import read_normalisation
from npkpose.data import CocoDataset
from npkpose.doctor import diagnose
from npkpose.image.files import read_image, write_image
from npkpose.io import read as read_labels
from npkpose.metrics.coco import examine, read_json
from npkpose.models.lifting.simple_baseline_3d import Normalisation
from npkpose.onnx import Session
from npkpose.onnx.summary import zeros_for
from npkpose.results.npz import NpzFile
from npkpose.results.people import PeopleFile
from npkpose.space.files import read_cameras, read_keypoints
from npkpose.space.people_files import read_people, read_photo
from npkpose.space.smpl_file import read_smpl
from npkpose.training import read_log
from tests.fuzz.calls_space import CALLS
from tests.fuzz.draw import Draw
from tests.io import make
from tests.onnx import writer
from tests.space.test_smpl_file import array, instance, official, sparse
from tests.tflite import writer as tflite_writer
from tests.training.test_trainer import make_trainer
from tests.weights.conftest import ARRAYS
from tests.weights.test_pytorch import legacy_of, program, tensor, zip_of
from tests.weights.test_tensorflow import GRAPH


class Format(NamedTuple):
    """``make()`` returns a valid file's bytes; ``read(path)`` reads it, or raises.

    ``beside`` is the argument read together with the file, which an error may name instead.
    """

    suffix: str
    make: object
    read: object
    beside: str = "no other"


@cache
def _coco():
    """Return annotations and results in which somebody is annotated and somebody found."""
    for seed in range(99):
        truth, found = Draw(np.random.default_rng(seed)).coco()
        if len(truth["annotations"]) > 1 and len(found) > 1:
            return truth, found


def _mend(path, results=None):
    """Examine a file, and mend it."""
    return diagnose(path, results).mend().left


def _mend_with_results(path):
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        results.write_bytes(_json(_coco()[1]))
        return _mend(path, results)


def _photo():
    """Return two people as predict writes those of a photo."""
    return Draw(np.random.default_rng(0)).poses(17, people=2).to_dict(COCO_17)


def _scanned(evaluate):
    """Return ``evaluate(path)`` with a file of any size read by the scanner, if it can."""

    def read(path):
        with patch.object(read_json, "SCAN_FROM", 0):
            return evaluate(path)

    return read


def _json(value):
    return json.dumps(value).encode()


def _camera(name):
    entry = CALLS[f"Camera.from_{name}"](Draw(np.random.default_rng(0)))["entry"]
    entry = {key: np.asarray(value).tolist() for key, value in entry.items()}
    return _json({"cameras": [{"name": "a", **entry}]} if name == "panoptic" else {"a": entry})


def _written(suffix, write):
    """Return the bytes of the file that ``write(path)`` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"file{suffix}")
        write(path)
        return path.read_bytes()


def _saved(save, *arrays, **named):
    stream = io.BytesIO()
    save(stream, *arrays, **named)
    return stream.getvalue()


def _torch(pack):
    six = np.arange(6, dtype="<f4").tobytes()
    return pack(program(a=tensor((2, 3), (3, 1)), b=tensor((4,), (1,), 2)), {"0": six})


def _image():
    return np.arange(180, dtype=np.uint8).reshape(6, 10, 3)


def _checkpoint():
    with tempfile.TemporaryDirectory() as folder:
        make_trainer(folder).save()
        return Path(folder, "checkpoint.npz").read_bytes()


def _continue(path):
    """Continue the run whose checkpoint is the file, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "checkpoint.npz").write_bytes(Path(path).read_bytes())
        make_trainer(folder)


def _body():
    """An SMPL file of 5 vertices and 3 joints: damages hit the pickle more often than numbers."""
    kinematic = np.array([[2**32 - 1, 0, 1], [0, 1, 2]], np.uint32)
    shapes, bends = np.ones((5, 3, 2)), np.asfortranarray(np.ones((5, 3, 18)))
    return official(
        v_template=array(np.ones((5, 3))), shapedirs=instance("chumpy.ch", "Ch", x=array(shapes)),
        posedirs=array(bends), J_regressor=sparse(np.eye(3, 5)), weights=array(np.ones((5, 3))),
        kintree_table=array(kinematic), f=array(np.array([[0, 1, 2]], np.uint32)),
    )  # fmt: skip


def _normalisation():
    return _saved(np.savez, **{name: np.ones((16, 3)) for name in Normalisation._fields})


def _keypoints():
    return np.arange(24.0).reshape(2, 4, 3)


def _labels(format):
    """Return a function that reads a file as labels, by its content and as the format."""

    def read(path):
        with contextlib.suppress(ValueError):
            read_labels(path)
        read_labels(path, format)

    return read


def _people(suffix):
    """Return the file of a video that predict writes, JSON or arrays."""

    def write(path):
        is_json = suffix == ".json"
        writer = PeopleFile(path, COCO_17, "dance") if is_json else NpzFile(path, COCO_17)
        for frame in make.people_of_video()[0]:
            writer.add(*frame)
        writer.close()

    return _written(suffix, write)


def _yolo(name):
    """Return a function that reads a file in a folder of Ultralytics' labels, under this name."""

    def read(path):
        with tempfile.TemporaryDirectory() as folder:
            make.yolo_folder(folder)
            Path(folder, name).parent.joinpath(Path(path).name).write_bytes(Path(path).read_bytes())
            Path(folder, name).unlink()
            if name == "data.yaml":
                read_labels(Path(folder, Path(path).name), "ultralytics")
            else:
                Path(folder, "images/0.png").rename(Path(folder, f"images/{Path(path).stem}.png"))
                read_labels(folder)

    return read


def _io(format, suffix):
    """Return the format of labels that `npkpose.io.write` can write."""
    return Format(suffix, partial(make.file_for, format, suffix), _labels(format))


def _run_network(path, kind=Session):
    """Run a file on zeros, twice: node by node, and fused."""
    Path(path.parent, "weights.bin").write_bytes(writer.EXTERNAL)
    session = kind(path, max_bytes=2**22)
    feeds = zeros_for(session.inputs)
    for _ in range(2 if feeds else 0):
        session.run(feeds)


def _run_tflite(path):
    _run_network(path, tflite.Session)


LOG = b"step,seconds,lr,loss,ap\n10,0.5,0.01,2.5,\n20,1.5,0.01,1.25,0.5\n"

FORMATS = {
    "file.npz": Format(".npz", lambda: _written(".npz", _save), weights.load),
    "file.safetensors": Format(".safetensors", lambda: _written(".safetensors", _save),
                               weights.load),
    "file.pth": Format(".pth", lambda: _torch(zip_of), weights.load),
    "file.old.pth": Format(".pth", lambda: _torch(legacy_of), weights.load),
    "file.pb": Format(".pb", lambda: GRAPH, weights.load),
    "graph.pb": Format(".pb", lambda: GRAPH, weights.read_graph),
    "annotations.json": Format(
        ".json", lambda: _json(_coco()[0]), lambda path: evaluate_coco(path, _coco()[1]),
        "results",
    ),
    "results.json": Format(
        ".json", lambda: _json(_coco()[1]), lambda path: evaluate_coco(_coco()[0], path),
        "ground_truth",
    ),
    "annotations.scanned.json": Format(
        ".json", lambda: _json(_coco()[0]), _scanned(lambda path: evaluate_coco(path, _coco()[1])),
        "results",
    ),
    "results.scanned.json": Format(
        ".json", lambda: _json(_coco()[1]), _scanned(lambda path: evaluate_coco(_coco()[0], path)),
        "ground_truth",
    ),
    "doctor.json": Format(".json", lambda: _json(_coco()[0]), examine),
    "doctor.results.json": Format(
        ".json", lambda: _json(_coco()[1]), lambda path: examine(_coco()[0], path)
    ),
    "diagnose.json": Format(".json", lambda: _json(_coco()[0]), _mend),
    "diagnose.results.json": Format(".json", lambda: _json(_coco()[1]), _mend),
    "diagnose.both.json": Format(".json", lambda: _json(_coco()[0]), _mend_with_results),
    "dataset.json": Format(
        ".json", lambda: _json(_coco()[0]), lambda path: CocoDataset(path, Path(path).parent)
    ),
    "panoptic.json": Format(".json", partial(_camera, "panoptic"), read_cameras),
    "h36m.json": Format(".json", partial(_camera, "h36m"), read_cameras),
    "shelf.json": Format(".json", partial(_camera, "shelf"), read_cameras),
    "people.json": Format(".json", lambda: _json(_coco()[1]), read_people),
    "photo.json": Format(".json", lambda: _json(_photo()), read_photo),
    "keypoints.json": Format(".json", lambda: _json(_keypoints().tolist()), read_keypoints),
    "keypoints.npy": Format(".npy", lambda: _saved(np.save, _keypoints()), read_keypoints),
    "keypoints.npz": Format(
        ".npz", lambda: _saved(np.savez, keypoints=_keypoints()), read_keypoints
    ),
    "smpl.pkl": Format(".pkl", _body, partial(read_smpl, shapes=10)),
    "boxes.json": Format(".json", lambda: _json(_coco()[0]), read_boxes),
    "normalisation.npz": Format(".npz", _normalisation, read_normalisation),
    "image.png": Format(".png", lambda: _written(".png", _write_image), read_image),
    "image.jpg": Format(".jpg", lambda: _written(".jpg", _write_image), read_image),
    "image.bmp": Format(".bmp", lambda: _written(".bmp", _write_image), read_image),
    "image.gif": Format(".gif", lambda: _written(".gif", _write_image), read_image),
    "image.ppm": Format(".ppm", lambda: _written(".ppm", _write_image), read_image),
    "image.tif": Format(".tif", lambda: _written(".tif", _write_image), read_image),
    "image.webp": Format(".webp", lambda: _written(".webp", _write_image), read_image),
    "checkpoint.npz": Format(".npz", _checkpoint, _continue),
    "coco.json": _io("coco", ".json"),
    "coco-results.json": _io("coco-results", ".json"),
    "wholebody.json": _io("wholebody", ".json"),
    "posetrack.json": _io("posetrack", ".json"),
    "mpii.json": _io("mpii", ".json"),
    "aic.json": _io("aic", ".json"),
    "openpose.json": _io("openpose", ".json"),
    "mediapipe.json": _io("mediapipe", ".json"),
    "mediapipe.npz": Format(".npz", make.mediapipe_npz, _labels("mediapipe")),
    "npkpose.json": Format(".json", partial(_people, ".json"), _labels("npkpose")),
    "npkpose.npz": Format(".npz", partial(_people, ".npz"), _labels("npz")),
    "face.pts": _io("pts", ".pts"),
    "yolo.yaml": Format(".yaml", partial(make.file_for, "ultralytics", ".yaml"),
                        _yolo("data.yaml")),
    "yolo.txt": Format(".txt", partial(make.file_for, "ultralytics", ".txt"),
                       _yolo("labels/0.txt")),
    "deeplabcut.csv": _io("deeplabcut", ".csv"),
    "table.csv": _io("csv", ".csv"),
    "sleap.h5": Format(".h5", make.sleap_h5, _labels("sleap")),
    "deeplabcut.h5": Format(".h5", make.pandas_h5, _labels("deeplabcut-h5")),
    "mpii.mat": Format(".mat", make.mpii_mat, _labels("mpii")),
    "network.onnx": Format(".onnx", writer.image_model, _run_network),
    "loop.onnx": Format(".onnx", writer.loop_model, _run_network),
    "external.onnx": Format(".onnx", writer.external_model, _run_network),
    "quantised.onnx": Format(".onnx", writer.quantised_model, _run_network),
    "image.tflite": Format(".tflite", tflite_writer.image_network, _run_tflite),
    "sparse.tflite": Format(".tflite", tflite_writer.sparse_network, _run_tflite),
    "log.csv": Format(".csv", lambda: LOG, read_log),
}  # fmt: skip


def _save(path):
    weights.save(path, ARRAYS)


def _write_image(path):
    write_image(path, _image())


@cache
def valid_file(name):
    """Return the bytes of the format's valid file."""
    return FORMATS[name].make()
