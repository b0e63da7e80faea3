"""What grows, and when: five models of one architecture, each a table of stages (Sandström, 2019, tables 1 to 15).

All end at the same pair of networks. A model says which of four things change on the way there: the dimensions of z,
the feature maps, the layers, and the resolution to which the real images are reduced.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

Model = Literal["bgan", "lggan", "bggan", "cggan", "clggan"]
MODELS: tuple[Model, ...] = get_args(Model)
# what each model of table 1 grows; the rest is there from the start
GROWS: dict[Model, frozenset[str]] = {
    "bgan": frozenset(),
    "lggan": frozenset({"layers"}),
    "bggan": frozenset({"latent"}),
    "cggan": frozenset({"latent", "channels"}),
    "clggan": frozenset({"latent", "channels", "layers"}),
}
START = 4  # pixels at the first block
FIRST_EPOCHS, LATER_EPOCHS, FADE_EPOCHS = 4, 8, 4  # of the thesis, section 7.2.3: 44 in all at 128 pixels


@dataclass(frozen=True)
class Stage:
    """What the networks are between two growths.

    latent: dimensions of z that the generator uses. channels: feature maps of each block, from 4x4 pixels up, of which
    each doubles the resolution of the one before. real: pixels to which real images are reduced. epochs: how long it
    lasts, of which it takes `fade` to let in what is new; only their ratios count.
    """

    latent: int
    channels: tuple[int, ...]
    real: int
    epochs: float
    fade: float = 0.0

    @property
    def resolution(self) -> int:
        """Pixels of what the layers make and see."""
        return START * 2 ** (len(self.channels) - 1)


def blocks_of(resolution: int) -> int:
    """How many blocks it takes from 4x4 pixels. Raises ValueError for what 4 does not reach by doubling."""
    blocks = round(math.log2(resolution / START)) + 1 if resolution >= START else 0
    if blocks < 1 or START * 2 ** (blocks - 1) != resolution:
        raise ValueError(f"resolution must be 4, 8, 16, 32, ...; it is {resolution}")
    return blocks


def stages(model: Model, resolution: int = 128, first: int = 8, maps: int = 8) -> tuple[Stage, ...]:
    """The table of a model that ends at `resolution`; without other arguments, that of the thesis.

    first: dimensions of z at the first stage of a latent that grows. maps: feature maps of the last block. Both double
    from stage to stage, and so do what the earlier blocks have in the end: at 128 pixels z has 32 `first` dimensions,
    and the blocks have 32, 16, 8, 4, 2 and 1 times `maps`.

    Raises ValueError for another model or a resolution that 4 does not reach by doubling.
    """
    if model not in GROWS:
        raise ValueError(f"model must be {', '.join(MODELS)}, not {model}")
    count, grows = blocks_of(resolution), GROWS[model]
    whole = tuple(maps * 2**k for k in reversed(range(count)))
    if not grows:
        epochs = FIRST_EPOCHS + LATER_EPOCHS * (count - 1)
        return (Stage(first * 2 ** (count - 1), whole, resolution, epochs),)
    table = []
    for k in range(count):
        channels = whole
        if "channels" in grows:  # block j begins with `maps`, at the first stage or with its layers
            channels = tuple(
                min(whole[j], maps * 2 ** (k - j if "layers" in grows else k)) for j in range(count) if j <= k
                or "layers" not in grows
            )  # fmt: skip
        elif "layers" in grows:
            channels = whole[: k + 1]
        latent = first * 2 ** (k if "latent" in grows else count - 1)
        epochs = (FIRST_EPOCHS, 0) if k == 0 else (LATER_EPOCHS, FADE_EPOCHS)
        table.append(Stage(latent, channels, START * 2**k, *epochs))
    return tuple(table)


def phases(table: tuple[Stage, ...], steps: float) -> tuple[float, ...]:
    """Lengths, in steps of a run of `steps`: of the first stage, then of the fade and the rest of each later one.

    Phase p belongs to stage (p + 1) // 2 of the table, and fades it in where p is odd.
    """
    lengths = [table[0].epochs]
    for stage in table[1:]:
        lengths += [stage.fade, stage.epochs - stage.fade]
    return tuple(length * steps / sum(lengths) for length in lengths)
