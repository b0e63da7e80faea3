"""What training by reconstruction compares: pixels, Laplacian pyramids, and the features of a network that judges."""

from torch import Tensor

from course_lib.data.images import ImageSet
from course_lib.errors import UsageError
from course_lib.evaluation.features import EXTRACTORS, extractor, suited
from course_lib.evaluation.perception import Judge, judge_of, vgg16, vgg_weights
from course_lib.objectives.reconstruction import l2, lap1, perceptual

JUDGES = (*EXTRACTORS, "efficientnet-lite0", "vgg16")


def check_judge(name: str) -> None:
    """Raises UsageError for a name that no network has; "" is the one that suits the data."""
    if name and name not in JUDGES:
        raise UsageError(f"there is no judge '{name}': choose one of {', '.join(JUDGES)}.")


class ImageLoss:
    """A weighted sum of `objectives.reconstruction`'s losses, each a mean over batch and pixels or positions.

    judge: name of the network that the perceptual loss asks; "" takes the one that suits the data (`told`).
    """

    def __init__(self, l2: float, lap1: float, perceptual: float, judge: str = ""):
        self.weights = {"l2": l2, "lap1": lap1, "perceptual": perceptual}
        self.name = judge
        self._judge: Judge | None = None

    def told(self, dataset: ImageSet) -> None:
        """Say what will be compared. Raises CourseError where no network for such images is on this machine."""
        if self.weights["perceptual"] and not self.name:
            self.name = suited(dataset)

    def judge(self, images: Tensor) -> Judge:
        """The network that judges, on the images' device. Raises UsageError where none is known."""
        if self._judge is None:
            if not self.name:
                raise UsageError(
                    "a perceptual loss needs a network that judges: give --judge, or call prepare."
                )
            if self.name == "vgg16":
                file = vgg_weights()
                if file is None:
                    raise UsageError(
                        "the weights of vgg16 are not here: choose another judge, or fetch them."
                    )
                self._judge = vgg16(file, str(images.device))
            else:
                self._judge = judge_of(extractor(self.name, images.device))
        return self._judge

    def terms(self, made: Tensor, images: Tensor) -> dict[str, Tensor]:
        """Each term whose weight is not 0, without it: float32 (B, C, H, W) twice -> numbers by name."""
        found = {}
        if self.weights["l2"]:
            found["l2"] = l2(made, images)
        if self.weights["lap1"]:
            found["lap1"] = lap1(made, images)
        if self.weights["perceptual"]:
            found["perceptual"] = perceptual(made, images, self.judge(images).stages)
        return found

    def total(self, terms: dict[str, Tensor]) -> Tensor | float:
        """The weighted sum; 0 of none."""
        return sum((self.weights[name] * value for name, value in terms.items()), 0.0)
