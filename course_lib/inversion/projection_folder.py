"""A folder of inverted images that fills batch by batch, and goes on where it was stopped, even by a kill.

Several processes (`sharing.dividing`) share the batches that are missing, and the first one puts them together. All see
the same folder. Which of them makes a batch, and how many they are, changes nothing in it.

request.json          what was asked for: another request does not go on here
batches/00000/        each batch whole or not at all, until all are there
latents.safetensors   "codes", "noise.0", ..., and what else makes the reconstructions
reconstructions/      a PNG an image
side-by-side.png      the first images, their reconstructions, and half the difference
measures.json         mean and each image's squared error, pSNR, Lap₁ and perceptual distance; seconds
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib import files
from course_lib.errors import CourseError, UsageError
from course_lib.inversion.invert import Inversion
from course_lib.inversion.measures import NAMES, Measures, joined, measured
from course_lib.inversion.photographs import Photographs
from course_lib.sharing import from_first, sharers, together

REQUEST, LATENTS, MEASURES = "request.json", "latents.safetensors", "measures.json"
BATCHES, PICTURES, SIDE_BY_SIDE = "batches", "reconstructions", "side-by-side.png"
SHOWN = 16  # images of the side-by-side picture


class ProjectionFolder:
    """`folder` for one request. Raises UsageError when another request lies there."""

    def __init__(self, folder: Path, request: dict[str, Any], photographs: Photographs, batch: int):
        self.folder, self.photographs, self.batch = folder, photographs, batch
        digest = hashlib.sha256("\n".join(photographs.identity).encode()).hexdigest()
        self.request = request | {"images": len(photographs.names), "batch": batch, "content": digest}
        together(self._refuse_another)

    def _refuse_another(self) -> None:
        folder, there = self.folder, self.folder / REQUEST
        if there.exists():
            self._compare(there)
        elif folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{folder} holds other files: give --out a folder that is empty or not there.")

    def _compare(self, there: Path) -> None:
        try:
            known = json.loads(there.read_text())
        except ValueError as error:
            raise CourseError(
                f"{there} is damaged ({error}): delete {self.folder} and start again."
            ) from error
        differing = sorted(key for key in {*known, *self.request} if known.get(key) != self.request.get(key))
        if differing:
            raise UsageError(
                f"{self.folder} holds another projection, which differs in {', '.join(differing)}: give another "
                f"--out, or delete that folder."
            )

    @property
    def parts(self) -> list[range]:
        """The numbers of the images of each batch."""
        count = len(self.photographs.names)
        return [range(first, min(first + self.batch, count)) for first in range(0, count, self.batch)]

    @property
    def finished(self) -> bool:
        """Whether all that a request leaves is there, as the first process sees it."""
        return from_first(lambda: (self.folder / MEASURES).exists(), sharers())

    def fill(self, invert: Callable[[Tensor], Inversion]) -> Iterator[tuple[range, Measures, float]]:
        """Invert this process's share of the batches that are not there yet. Yields for each its numbers, its measures
        and its seconds.

        Raises CourseError, with what to do, when the disk refuses.
        """
        here = sharers()
        missing = from_first(self._begun, here)
        try:
            for number in missing[here.rank :: here.world]:
                part = self.parts[number]
                images = self.photographs.tensor(part)
                found = invert(images)
                values = measured(images, found.reconstructions)
                files.save_state(self._place(number), _state(found, values))
                yield part, values, found.seconds
        except OSError as error:
            raise self._refused(error) from error

    def _begun(self) -> list[int]:
        """The folder made; the numbers of the batches that are missing."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / REQUEST).exists():
                files.write_atomic(self.folder / REQUEST, json.dumps(self.request, indent=1) + "\n")
            (self.folder / BATCHES).mkdir(exist_ok=True)
        except OSError as error:
            raise self._refused(error) from error
        return self.missing

    @property
    def missing(self) -> list[int]:
        """The numbers of the batches that are not there."""
        return [number for number in range(len(self.parts)) if not self._place(number).is_dir()]

    def _refused(self, error: OSError) -> CourseError:
        return CourseError(
            f"cannot write {self.folder} ({files.why(error)}): what is done stays there, and the same command goes on "
            f"once that is mended."
        )

    def _place(self, number: int) -> Path:
        return self.folder / BATCHES / f"{number:05d}"

    def finish(self, draw: Callable[[Tensor, Path, int], None]) -> dict[str, Any]:
        """Write latents, pictures and, last, measures of all batches, and drop the batches. Returns the measures.

        draw: writes images (B, C, H, W) into a picture with so many columns.
        Raises CourseError when the disk refuses, or the batches of other processes are not in this folder.
        """
        if missing := self.missing:
            raise CourseError(
                f"{len(missing):,} batches are not in {self.folder}, though other processes have made them: give --out "
                f"a folder that all of them see, and repeat the command."
            )
        states = [files.load_state(self._place(number)) for number in range(len(self.parts))]
        try:
            names = list(states[0]["tensors"])
            tensors = {name: torch.cat([state["tensors"][name] for state in states]) for name in names}
            made = tensors.pop("reconstructions")
            self._write_pictures(made)
            there = self.photographs.tensor(range(min(SHOWN, len(made))))
            made = made[: len(there)]
            draw(torch.cat([there, made, (made - there) / 2]), self.folder / SIDE_BY_SIDE, len(there))
            _write_tensors(self.folder / LATENTS, tensors)
            values = joined(
                [Measures(*(s["measures"][n] for n in NAMES), s["judge"]) for s in states]
            ).to_json()
            seconds = sum(state["seconds"] for state in states)
            told = {
                key: self.request[key] for key in ("run", "by", "space", "options") if key in self.request
            }
            values = told | {"seconds": seconds, "seconds_per_image": seconds / values["images"]} | values
            values["names"] = list(self.photographs.names)
            files.write_atomic(self.folder / MEASURES, json.dumps(values, indent=1) + "\n")
        except OSError as error:
            raise CourseError(
                f"cannot write {self.folder} ({files.why(error)}): mend that and repeat the command."
            ) from error
        return self.measures()

    def measures(self) -> dict[str, Any]:
        """Those of a finished folder. Raises CourseError when the file is damaged."""
        shutil.rmtree(self.folder / BATCHES, ignore_errors=True)
        try:
            return json.loads((self.folder / MEASURES).read_text())
        except ValueError as error:
            raise CourseError(
                f"{self.folder / MEASURES} is damaged ({error}): delete {self.folder} and start again."
            ) from error

    def picture_of(self, number: int) -> Path:
        """Where the reconstruction of an image lies."""
        stem = Path(self.photographs.names[number]).stem
        return self.folder / PICTURES / f"{number:05d}-{stem}.png"

    def _write_pictures(self, made: Tensor) -> None:
        from PIL import Image

        (self.folder / PICTURES).mkdir(exist_ok=True)
        grey = made.shape[1] == 1
        for number, image in enumerate(to_bytes(made).permute(0, 2, 3, 1).numpy()):
            Image.fromarray(image[..., 0] if grey else image).save(self.picture_of(number))


def to_bytes(images: Tensor) -> Tensor:
    """(B, C, H, W) in [-1, 1] -> uint8, what lies outside cut off."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def _state(found: Inversion, values: Measures) -> dict[str, Any]:
    tensors = {"codes": found.codes, "losses": found.losses, "reconstructions": found.reconstructions}
    tensors |= {f"noise.{number}": noise for number, noise in enumerate(found.noise)}
    return {
        "tensors": tensors | dict(found.changed),
        "measures": {name: getattr(values, name) for name in NAMES},
        "judge": values.judge,
        "seconds": found.seconds,
    }


def _write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    from safetensors.torch import save

    files.write_atomic(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}))
