"""Arrays in one NPZ file, of the form that `npkpose.io.people_npz` reads.

Columns grow in temporary files, so memory does not grow with the number of images.
"""

import shutil
import tempfile
import zipfile

import numpy as np


class NpzFile:
    """Write people to ``path``."""

    def __init__(self, path, skeleton, tracked=False):
        K = skeleton.num_keypoints
        self._path, self._count, self._names, self._ids = path, 0, [], []
        self._arrays = {"skeleton": np.array(skeleton.name),
                        "keypoint_names": np.array(skeleton.keypoints),
                        "tracked": np.array(bool(tracked))}  # fmt: skip
        self._columns = {
            "keypoints": _Column((K, 2)), "scores": _Column((K,)), "person_scores": _Column(),
            "ids": _Column((), np.int64), "image_index": _Column((), np.int64),
            "times": _Column(), "image_sizes": _Column((2,), np.int64),
        }  # fmt: skip

    def add(self, image, poses):
        """Write the people of an image."""
        add = {name: column.add for name, column in self._columns.items()}
        for name in ("keypoints", "scores", "person_scores", "ids"):
            add[name](getattr(poses, name))
        add["image_index"]([self._count] * len(poses))
        add["times"]([np.nan if image.time is None else image.time])
        add["image_sizes"]([(image.width, image.height)])
        self._add_name(image)
        self._count += 1

    def _add_name(self, image):
        """Keep the id of an image, and the name of a photograph."""
        if image.time is None:
            self._ids.append(image.id)
            self._names.append(image.name)
        else:
            self._columns.setdefault("image_ids", _Column((), np.int64)).add([image.id])

    def close(self):
        """Complete the file."""
        if self._names:
            text = any(isinstance(each, str) for each in self._ids)
            self._arrays["image_ids"] = np.array(self._ids, dtype=str if text else np.int64)
            self._arrays["image_names"] = np.array(self._names, dtype=str)
        with zipfile.ZipFile(self._path, "w") as file:
            for name, array in self._arrays.items():
                with file.open(f"{name}.npy", "w") as part:
                    np.lib.format.write_array(part, array, allow_pickle=False)
            for name, column in self._columns.items():
                with file.open(f"{name}.npy", "w", force_zip64=True) as part:
                    column.write(part)


class _Column:
    """Rows of one shape and dtype in a temporary file."""

    def __init__(self, shape=(), dtype=np.float64):
        self._shape, self._dtype, self._rows = shape, np.dtype(dtype), 0
        self._file = tempfile.TemporaryFile()

    def add(self, rows):
        rows = np.ascontiguousarray(rows, self._dtype).reshape(-1, *self._shape)
        self._file.write(rows.tobytes())
        self._rows += len(rows)

    def write(self, part):
        """Write the header of an .npy file and the rows, and close the temporary file."""
        header = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False,
                  "shape": (self._rows, *self._shape)}  # fmt: skip
        np.lib.format.write_array_header_1_0(part, header)
        self._file.seek(0)
        shutil.copyfileobj(self._file, part)
        self._file.close()
