"""Heatmap networks of crops: HRNet, simple baselines, ViTPose. One output (N, K, h, w).

The pipeline decodes their maps as it does those of our own networks. A file does not say on which
grid its maps lie. ViTPose is trained with UDP's ("corner"), as Hugging Face's and easy_ViTPose's
files are, and decoded by its DARK; their input has a name of its own. Other files are taken for
"index", HRNet's; ``convention`` and ``refine`` say otherwise.
"""

from npkpose.grid import Grid
from npkpose.models.exported.network import CROP, INPUT, Exported, has_skeleton, skeleton_for
from npkpose.models.exported.recipe import IMAGENET, Recipe

VITPOSE_INPUTS = "pixel_values", "input_0"


class Heatmaps(Exported):
    """One map per keypoint of a crop."""

    finds = "keypoints"
    uses = "skeleton", *INPUT, *CROP, "refine", "dataset"

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        if len(about.outputs) == 1 and about.layout == "NCHW" and len(about.shapes[0]) == 4:
            _, K, h, w = about.shapes[0]
            H, W = about.size
            if has_skeleton(K) and 1 < H / h == W / w <= 8:
                return f"one output of {K} maps, 1/{H // h} of the input"
        return None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing."""
        skeleton = skeleton_for(about.shapes[0][1], about, ("COCO_17", "HAND_21"))
        vitpose = about.input in VITPOSE_INPUTS or "vitpose" in about.name
        return Recipe(
            skeleton, about.size, mean=IMAGENET[0], std=IMAGENET[1],
            convention="corner" if vitpose else "index", refine="dark_udp" if vitpose else "dark",
        )  # fmt: skip

    @property
    def grid(self):
        """Where the maps lie on the input."""
        H, W = self.recipe.size
        h, w = self.about.shapes[0][2:]
        return Grid((W / w, H / h), self.convention)

    def preprocess(self, crops):
        """Return crops (P, H, W, 3), uint8 RGB, as the network's input."""
        return self.recipe.to_input(crops)

    def __call__(self, x):
        """Return the maps (P, K, h, w) of inputs (P, 3, H, W)."""
        return self.run_inputs(x)[0]
