from npkpose import Poses
from npkpose.data.people import SyntheticPeople
from npkpose.training.score import score

DATASET = SyntheticPeople(8, seed=1, size=64)


def test_the_ground_truth_scores_1_and_no_people_score_0():
    def truth(scene):
        return Poses(scene.keypoints[scene.labelled])

    assert score(DATASET, truth).stats.ap == 1
    nobody = score(DATASET, lambda scene: Poses.empty(17)).stats
    assert nobody.ap == nobody.ar == 0


def test_an_error_of_one_pixel_lowers_the_score_and_ten_pixels_nearly_to_0():
    def off_by(pixels):
        return score(
            DATASET, lambda scene: Poses(scene.keypoints[scene.labelled] + pixels)
        ).stats.ap

    assert 0.1 < off_by(1.0) < 1 and off_by(10.0) < 0.1
