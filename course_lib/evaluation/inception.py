"""Inception v3 with the weights that FID is defined by, where they lie.

A distance is FID only on the 2,048 features of the network of 2015 that Heusel et al. (2017) took, with its
TensorFlow way of resizing to 299 pixels: torch-fidelity rebuilds both. Its weights are published as a pickle,
which this course does not open; `HOW` converts them once, into a file that cannot run code.
"""

import io
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import paths
from course_lib.errors import CourseError

FEATURES = 2048
FILE = "inception-2015-12-05.safetensors"
HOW = (
    'python -c "import torch, safetensors.torch as s; '
    "from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3 as u; "
    f"s.save_file(torch.hub.load_state_dict_from_url(u, map_location='cpu', weights_only=True), '{FILE}')\""
)


def found() -> Path | None:
    """The converted file, in the first folder of `$COURSE_DATA`, the cache or the system that has it, or None."""
    places = (p for folder in paths.data_folders() for p in (folder / FILE, folder / "inception" / FILE))
    return next((place for place in places if place.is_file()), None)


def weights() -> Path:
    """The converted file. Raises CourseError, with the command that makes it, when there is none."""
    if place := found():
        return place
    raise CourseError(
        f"Inception's weights are not on this machine: with a network (or the file in torch's hub cache), run "
        f"`{HOW}` and move {FILE} to {paths.data_folders()[0]}."
    )


class Inception(nn.Module):
    """Images (B, 1 or 3, H, W) in [-1, 1] -> features (B, 2048), and logits (B, 1008) without their bias.

    Pixels are rounded to bytes, as images on disk are, and grey ones repeated to three channels. The bias is
    left out of the logits because it was when the Inception score was published.
    Raises CourseError when torch-fidelity is missing or the file holds other weights; ValueError for other images.
    """

    def __init__(self, file: Path):
        super().__init__()
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as error:
            raise CourseError(
                "FID needs torch-fidelity, which rebuilds Inception: run `pip install torch-fidelity`."
            ) from error
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        # the class reads nothing but torch's own format: hand it bytes that were written here, not the user's
        written = io.BytesIO()
        try:
            torch.save(load_file(file), written)
            written.seek(0)
            self.body = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], written)
        except (SafetensorError, RuntimeError) as error:
            first = str(error).splitlines()[0]
            raise CourseError(
                f"{file} does not hold Inception's weights ({first}): make it anew with `{HOW}`."
            ) from error

    def features(self, x: Tensor) -> Tensor:
        if x.ndim != 4 or x.shape[1] not in (1, 3):
            raise ValueError(f"Inception takes images of 1 or 3 channels, not of shape {tuple(x.shape[1:])}")
        pixels = x.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        return self.body(pixels.expand(-1, 3, -1, -1))[0]

    def head(self, features: Tensor) -> Tensor:
        return features @ self.body.fc.weight.T

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
