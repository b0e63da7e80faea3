"""Weights of networks that judge images and are published elsewhere: what `course data fetch` brings beside data."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course_lib import files, paths
from course_lib.errors import CourseError
from course_lib.evaluation import inception, perception


@dataclass(frozen=True)
class Weights:
    """A file of weights. here: where it lies, or None. get: put it at a path; raises what its downloader raises."""

    file: str
    size: str
    what_for: str
    here: Callable[[], Path | None]
    get: Callable[[Path], None]


def _inception_here() -> Path | None:
    try:
        return inception.weights()
    except CourseError:
        return None


def _get_inception(target: Path) -> None:
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
    except ImportError as error:
        raise CourseError(
            "FID needs torch-fidelity, which knows where Inception's weights are: run `pip install torch-fidelity`."
        ) from error
    import torch
    from safetensors.torch import save_file

    # published as a pickle: tensors alone are read from it, and kept in a file that cannot run code
    state = torch.hub.load_state_dict_from_url(URL_INCEPTION_V3, map_location="cpu", weights_only=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, target)


def _get_vgg(target: Path) -> None:
    import torch
    from torchvision.models import VGG16_Weights

    torch.hub.download_url_to_file(
        VGG16_Weights.IMAGENET1K_V1.url, str(target), hash_prefix=target.stem.rpartition("-")[2]
    )


WEIGHTS = {
    "inception": Weights(
        inception.FILE, "91 MB", "FID and the Inception score", _inception_here, _get_inception
    ),
    "vgg16": Weights(perception.VGG_FILE, "528 MB", "perceptual distances", perception.vgg_weights, _get_vgg),
}


def fetch(name: str) -> Path:
    """Download weights unless they are on this machine. Returns where they are.

    Raises CourseError when the download fails; nothing half-way is left.
    """
    weights = WEIGHTS[name]
    if there := weights.here():
        return there
    folder = paths.cache() / "raw"  # a folder of data, which every reader of weights looks into
    aside = folder / f".{name}.{os.getpid()}.tmp"
    try:
        aside.mkdir(parents=True, exist_ok=True)
        weights.get(aside / weights.file)
        os.replace(aside / weights.file, folder / weights.file)
    except CourseError:
        raise
    except Exception as error:  # downloaders of others raise what they like
        if files.of_the_disk(error):
            raise CourseError(
                f"the weights {name} cannot be written to {folder} because {files.why(error)}: mend that, or set "
                f"COURSE_CACHE to another folder."
            ) from error
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise CourseError(
            f"the weights {name} could not be brought to {folder} ({reason}): check the network and that folder, or "
            f"copy {weights.file} there from another machine."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder / weights.file
