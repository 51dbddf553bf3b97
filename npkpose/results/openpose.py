"""OpenPose's JSON: a file NAME_keypoints.json for each image or frame, as `npkpose.io.openpose`."""

from npkpose.io.openpose import END, image_text


class OpenPoseFiles:
    """Write a file for each image into ``folder``; ``write(path, function)`` is that of Outputs."""

    def __init__(self, folder, skeleton, target, write, tracked=False):
        self._folder, self._plans, self._tracked = folder, (skeleton, target), tracked
        self._write = write

    def add(self, image, poses):
        """Write the file of an image."""
        labels = image.labels(poses.convert(*self._plans), self._plans[1], self._tracked)
        text = image_text(labels, 0)
        self._write(
            self._folder / f"{image.name}{END}.json",
            lambda path: path.write_text(text, encoding="utf-8"),
        )

    def close(self):
        """Do nothing: each file is complete."""
