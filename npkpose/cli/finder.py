"""How ``npkpose predict`` finds people in an image: a pipeline around its network, and boxes."""

from npkpose.cli.terminal import print_note


def make_pipeline(model, options):
    """Return the pipeline around a network, with ``run`` and callable on an image."""
    from npkpose.pipeline import BottomUp, TopDown

    if getattr(model, "finds", None) == "people":
        return WholeImage(model)
    if hasattr(model, "input_size"):
        return TopDown(model, detector=_load_detector(options), flip=options.flip)
    try:
        return BottomUp(model, options.height, flip=options.flip)
    except ValueError as error:  # of the height
        raise ValueError(f"--{error}") from None


class WholeImage:
    """A network that finds the people of an image by itself, as a pipeline."""

    def __init__(self, model):
        self._model = model

    def __call__(self, image):
        return self._model(image)

    def run(self, source, failed=None):
        """Yield (frame, poses) for each image of a source, as `BottomUp.run`."""
        from npkpose.pipeline.run import run

        return run((lambda image: image, self._model, lambda shape, poses: poses), source, failed)


def make_finder(pipeline, boxes):
    """Return a function from an image and its `Photo` to the `Poses` in it."""
    if boxes is None:
        return lambda image, photo: pipeline(image)
    return lambda image, photo: _find_in_boxes(pipeline, image, photo, boxes)


def _find_in_boxes(top_down, image, photo, box_file):
    """Return the `Poses` in the boxes of a photo; say if it has none."""
    from npkpose.image.crop import touch_image

    boxes, scores = box_file.get(photo.image_id, ([], []))
    outside = len(boxes) - int(touch_image(boxes, image.shape[:2]).sum())
    if not boxes:
        print_note("predict", f"{photo.path}: no box in {box_file.path}")
    if outside:
        print_note("predict", f"{photo.path}: boxes outside the photo: {outside}, left out")
    return top_down(image, boxes, scores)


def _load_detector(options):
    """Return the network of --detector, or None."""
    from npkpose.cli.weights import find_file
    from npkpose.models import from_onnx

    if options.detector is None:
        return None
    if options.boxes is not None:
        raise ValueError("--detector: expected none beside --boxes")
    detector = from_onnx(find_file(options.detector, options.offline))
    if detector.finds != "boxes":
        raise ValueError(f"--detector: expected a network of boxes, got {detector.family}")
    return detector
