"""Photographs of ``npkpose predict``: people found in each, and the files that are written."""

import json

from npkpose.cli.drawing_options import drawing_of
from npkpose.cli.predict_files import ResultFiles, clear_results, result_paths
from npkpose.cli.predict_heatmaps import END
from npkpose.cli.predict_tracks import make_follower
from npkpose.cli.report import tell
from npkpose.cli.terminal import one_line, print_note
from npkpose.results.image import Image

WORDS = {"coco": "as COCO results", "csv": "as a table", "npz": "as arrays",
         "openpose": "as OpenPose's JSON"}  # fmt: skip


def predict_photos(run, find, photos):
    """Find people with ``find(image, photo)`` in each photo and write the files.

    Also after Ctrl-C, which is raised again, the files hold the photos so far. If there are none,
    there are no files of all photos, also not those of an earlier run.
    """
    paths, count = result_paths(run.folder, run.plan.formats), 0
    clear_results(run.outputs, paths)
    follow = make_follower(run.options, run.plan.skeleton, run.options.fps)
    draw = drawing_of(run.options)
    try:
        with ResultFiles(run.outputs) as files:
            for photo in photos:
                found = _find(run, find, photo)
                if found is None:
                    continue
                image, poses = found
                poses = follow(poses)
                if count == 0:
                    files.open_all(paths, run.plan)
                _write_photo(run, photo, poses, image, draw)
                files.add(_describe(photo, image), poses)
                count += 1
    except KeyboardInterrupt:
        print_note("predict", f"interrupted after {count} of {len(photos)} photos")
        raise
    finally:
        _print_results(paths, count)
        tell(run.options, files=[str(path) for path in paths.values() if count])


def _find(run, find, photo):
    """Return the image and the people of a photo, or None if it cannot be used."""
    from npkpose.image.files import read_image

    try:
        image = read_image(photo.path)
        if run.heatmaps is not None:
            run.heatmaps.begin()
        return image, find(image, photo)
    except (ValueError, OSError, MemoryError) as error:
        run.failed(photo.path, error)
        return None


def _describe(photo, image):
    return Image(photo.image_id, photo.name, image.shape[1], image.shape[0])


def _write_photo(run, photo, poses, image, draw):
    """Write the people of a photo as NAME.json, and the photo with them as NAME.png; say so."""
    from npkpose.image.files import write_image

    path, skeleton, written = run.folder / photo.name, run.plan.skeleton, []
    if "json" in run.plan.formats:
        text = json.dumps(poses.to_dict(skeleton), indent=1) + "\n"
        written.append(f"{path}.json")
        run.outputs.write(written[-1], lambda file: file.write_text(text, encoding="utf-8"))
    if not run.options.no_drawings:
        drawn = draw(image, poses, skeleton)
        written.append(f"{path}.png")
        run.outputs.write(written[-1], lambda file: write_image(file, drawn))
    if run.heatmaps is not None:
        maps = run.heatmaps.draw(image)
        written.append(f"{path}{END}.png")
        run.outputs.write(written[-1], lambda file: write_image(file, maps))
    people = "1 person" if len(poses) == 1 else f"{len(poses)} people"
    print(one_line(f"{photo.path}: {', '.join([people, *written])}"), flush=True)
    tell(run.options, photos=[{"file": photo.path, "people": len(poses), "written": written}])


def _print_results(paths, count):
    """Say which files hold the people of all photos."""
    photos = "1 photo" if count == 1 else f"{count} photos"
    for format, path in paths.items() if count else ():
        print(one_line(f"{path}: the people of {photos}, {WORDS[format]}"))
