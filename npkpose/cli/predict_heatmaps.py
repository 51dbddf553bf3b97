"""The option --heatmaps of ``npkpose predict``: the network's heatmaps over each photo."""

END = "-heatmaps"  # of the name of the written image


class Heatmaps:
    """Keeps the heatmaps of a photo while a pipeline finds its people, and draws them."""

    def __init__(self, pipeline, name):
        """Watch a pipeline; ValueError, with the network's name, if it has no heatmaps."""
        if not hasattr(pipeline, "watch") or hasattr(pipeline.model, "locate"):
            raise ValueError(
                f"--heatmaps: expected none, since {name} gives keypoints without heatmaps"
            )
        pipeline.watch, self._kept = self._keep, []

    def begin(self):
        """Forget the maps of the photo before."""
        self._kept = []

    def _keep(self, maps, grid, matrices):
        self._kept += [(own, grid, matrix) for own, matrix in zip(maps, matrices)]

    def draw(self, image):
        """Return the photo with the largest of its maps over each pixel, one person's at a time."""
        from npkpose.image.draw_maps import draw_heatmaps

        for maps, grid, matrix in self._kept:
            image = draw_heatmaps(image, maps, grid, matrix=matrix)
        return image
