import numpy as np
import pytest


@pytest.fixture(scope="session")
def random_set():
    """Return a function from a seed to annotations and results, parsed JSON."""
    return _random_set


def _random_set(seed, parts=17, nan=False):
    """Return annotations and results with crowds, ties, areas at the bounds, and empty images."""
    rng = np.random.default_rng(seed)
    images = rng.choice(50, rng.integers(1, 9), replace=False).tolist()
    categories = [1, 4][: rng.integers(1, 3)]
    boxes = rng.random() < 0.5
    annotations, results = [], []
    for image in images:
        for category in categories:
            people = [_person(rng, parts) for _ in range(rng.integers(0, 5) * rng.integers(0, 2))]
            for person in people:
                person.update(image_id=image, category_id=category, id=len(annotations) + 1)
                annotations.append(person)
            for _ in range(rng.choice([0, 2, 6, 26])):
                found = _detection(rng, people, parts, boxes, nan)
                results.append({**found, "image_id": image, "category_id": category})
    if annotations and rng.random() < 0.3:  # ids 0, and repeated ids
        for annotation in rng.choice(annotations, 2):
            annotation["id"] = int(rng.integers(0, 3))
    results = [results[i] for i in rng.permutation(len(results))]
    truth = {
        "images": [{"id": i} for i in images],
        "annotations": [annotations[i] for i in rng.permutation(len(annotations))],
        "categories": [{"id": c} for c in categories],
    }
    return truth, results


def _person(rng, parts):
    visibility = rng.integers(0, 3, parts) * (rng.random() < 0.8)
    points = rng.integers(0, 40, (parts, 2)) * 4
    labelled = int((visibility > 0).sum())
    return {
        "keypoints": np.c_[points, visibility].ravel().tolist(),
        "num_keypoints": labelled if rng.random() < 0.9 else int(rng.integers(0, 3)),
        "area": float(rng.choice([0, 1024, 9216, 1023.5, 9216.5, rng.uniform(100, 20000)])),
        "bbox": rng.integers(0, 100, 4).tolist(),
        "iscrowd": int(rng.random() < 0.15),
    }


def _detection(rng, people, parts, boxes, nan):
    points = rng.integers(0, 160, (parts, 2)).astype(float)
    if people and rng.random() < 0.8:
        person = people[rng.integers(len(people))]
        points = np.reshape(person["keypoints"], (parts, 3))[:, :2].astype(float)
        points += rng.normal(0, rng.choice([0, 1, 4, 12]), (parts, 2))
    if nan and rng.random() < 0.3:
        points[rng.integers(parts)] = np.nan
    score = float(rng.choice([0.5, 0.25, rng.integers(0, 9) / 8, rng.random()]))
    if nan and rng.random() < 0.1:
        score = np.nan
    found = {"keypoints": np.c_[points, np.ones(parts)].ravel().tolist(), "score": score}
    return {**found, **({"bbox": [1.0, 2.0, *rng.uniform(0, 120, 2)]} if boxes else {})}
