r"""A generator and a discriminator that gain latent dimensions, feature maps and layers while they are trained.

The pair of Karras et al. (2018) without and with its normalisations, grown as in Sandström (2019), section 6.2. Let
$s$, the buffer `fade`, rise from 0 to 1 after a growth: then $\alpha = s$ blends the new layers with the old way
around them, $\beta = s$ multiplies new weights of old layers, and $\tau$, from 0 to the new channels' share, is their
weight in the minibatch deviation. At $s = 0$ both networks compute what they computed before.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.data.spec import DataSpec
from course_lib.networks.fading import blend, faded_deviation, faded_pixel_norm, upsample
from course_lib.networks.growth import GrowingConv2d, GrowingLayer, GrowingLinear, Projection
from course_lib.networks.stages import Model, Stage, stages
from course_lib.settings import Count, CountFrom0, Slope, check


@dataclass(frozen=True)
class Rules:
    """What both networks share: slope of LeakyReLU, and ProGAN's normalisations."""

    slope: float = 0.2
    equalised: bool = False
    pixel_norm: bool = False  # after the generator's activations
    group: int = 0  # images that the minibatch deviation compares; 0 is the whole batch

    @property
    def layer(self) -> dict[str, float | bool]:
        """What a layer is told."""
        return {"slope": self.slope, "equalised": self.equalised}


class Progressive(nn.Module):
    """What the two networks have in common: where they stand in a table of stages, and how they move on.

    phase: 0 at the first stage; odd while a growth is faded in, even when it is done. Layers are called by the pixels
    at which they work, so that a name means the same layer for ever.
    """

    copied_buffers = ("fade",)  # an average of weights takes it as it is

    def __init__(self, table: tuple[Stage, ...], rules: Rules):
        super().__init__()
        self.table, self.rules, self.phase = table, rules, 0
        self.register_buffer("fade", torch.ones(()))

    @property
    def stage(self) -> Stage:
        """That of the table where the networks are."""
        return self.table[(self.phase + 1) // 2]

    @property
    def fading(self) -> bool:
        return self.phase % 2 == 1

    @property
    def previous(self) -> Stage:
        """The stage before a growth that is being faded in; else this one."""
        return self.table[(self.phase - 1) // 2] if self.fading else self.stage

    def advance(self, phase: int) -> None:
        """Grow, or finish a fade, until `phase`. New weights come from torch's global generator.

        Raises ValueError for a phase that is over or not in the table.
        """
        if not self.phase <= phase <= 2 * (len(self.table) - 1):
            raise ValueError(f"networks in phase {self.phase} cannot enter phase {phase}")
        while self.phase < phase:
            self.phase += 1
            if self.fading:
                self.fade.zero_()
                self._grow()
            else:
                self._settle()

    @property
    def new_share(self) -> float:
        r"""Where $\tau$ ends: the part of the first block's channels that the last growth added."""
        now, before = self.stage.channels[0], self.previous.channels[0]
        return (now - before) / now

    def activate(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.rules.slope)

    def _grow(self) -> None:
        raise NotImplementedError

    def _settle(self) -> None:
        """All that is new counts fully, and the old way around new layers is given up."""
        self.fade.fill_(1.0)
        for name in [name for name in self.rgb if name != str(self.stage.resolution)]:
            del self.rgb[name]
        for module in self.modules():
            if isinstance(module, GrowingLayer):
                module.settle()


class Generator(Progressive):
    """(B, latent) -> (B, colours, resolution, resolution) in [-1, 1], at the resolution of the present stage.

    Of z it uses the first dimensions, as many as the stage says. `latent` counts all that are drawn.
    """

    def __init__(self, table: tuple[Stage, ...], latent: int, colours: int = 3, rules: Rules | None = None):
        super().__init__(table, rules or Rules())
        self.latent, self.colours = latent, colours
        first = self.stage
        self.blocks = nn.ModuleDict()
        for j in range(len(first.channels)):
            self._add_block(first, j)
        self.rgb = nn.ModuleDict()
        self._add_rgb(first)

    def forward(self, latents: Tensor) -> Tensor:
        beta = alpha = self.fade
        x = old = latents[:, : self.stage.latent]
        for j, block in enumerate(self.blocks.values()):
            old = x
            x = self._activated(block[0], x if j == 0 else upsample(x), beta)
            x = self._activated(block[1], x, beta)
        image = self._image(len(self.blocks) - 1, x)
        if len(self.rgb) > 1:  # the old way around the new layers
            image = blend(upsample(self._image(len(self.blocks) - 2, old)), image, alpha)
        return image

    def _activated(self, layer: nn.Module, x: Tensor, beta: Tensor) -> Tensor:
        x = self.activate(layer(x, beta))
        if self.rules.pixel_norm:
            kept = layer.kept[0] if layer.kept else layer.outputs
            x = faded_pixel_norm(x, kept, self.fade * (layer.outputs - kept) / layer.outputs)
        return x

    def _image(self, block: int, x: Tensor) -> Tensor:
        return torch.tanh(self.rgb[str(4 * 2**block)](x, self.fade))

    def _add_block(self, stage: Stage, j: int) -> None:
        outputs, layer = stage.channels[j], self.rules.layer
        first: GrowingLayer
        if j == 0:
            first = Projection(stage.latent, outputs, **layer)
        else:
            first = GrowingConv2d(stage.channels[j - 1], outputs, 3, **layer)
        self.blocks[str(4 * 2**j)] = nn.ModuleList([first, GrowingConv2d(outputs, outputs, 3, **layer)])

    def _add_rgb(self, stage: Stage) -> None:
        # a linear layer's slope is 1: its outputs begin with the variance of its inputs
        to_colours = GrowingConv2d(
            stage.channels[-1], self.colours, 1, slope=1.0, equalised=self.rules.equalised
        )
        self.rgb[str(stage.resolution)] = to_colours

    def _grow(self) -> None:
        stage, old = self.stage, self.previous
        for j in range(len(old.channels)):
            block = self.blocks[str(4 * 2**j)]
            block[0].grow(stage.latent if j == 0 else stage.channels[j - 1], stage.channels[j])
            block[1].grow(stage.channels[j], stage.channels[j])
        self.rgb[str(old.resolution)].grow(stage.channels[len(old.channels) - 1], self.colours)
        for j in range(len(old.channels), len(stage.channels)):
            self._add_block(stage, j)
        if stage.resolution != old.resolution:
            self._add_rgb(stage)


class Discriminator(Progressive):
    """(B, colours, resolution, resolution) -> (B,) scores of any sign, at the resolution of the present stage.

    The minibatch deviation stands in front of the last block's channels and not behind, as in the thesis's tables:
    there it keeps its place, and its weights theirs, when channels are added.
    """

    mixes_examples = "minibatch deviation"

    def __init__(self, table: tuple[Stage, ...], colours: int = 3, rules: Rules | None = None):
        super().__init__(table, rules or Rules())
        self.colours = colours
        first = self.stage
        self.blocks = nn.ModuleDict()
        for j in range(len(first.channels)):
            self._add_block(first, j)
        self.score = GrowingLinear(first.channels[0], 1, slope=1.0, equalised=self.rules.equalised)
        self.rgb = nn.ModuleDict()
        self._add_rgb(first)

    def forward(self, images: Tensor) -> Tensor:
        beta = alpha = self.fade
        last = len(self.blocks) - 1
        x = self._features(last, images)
        for j in range(last, 0, -1):
            first, second = self.blocks[str(4 * 2**j)]
            x = F.avg_pool2d(self.activate(second(self.activate(first(x, beta)), beta)), 2)
            if j == last and len(self.rgb) > 1:  # the old way around the new layers
                x = blend(self._features(last - 1, F.avg_pool2d(images, 2)), x, alpha)
        kept = self.previous.channels[0]
        deviation = faded_deviation(x, kept, self.fade * self.new_share, self.rules.group or len(x))
        x = torch.cat([deviation.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:]), x], 1)
        first, second = self.blocks["4"]
        x = self.activate(second(self.activate(first(x, beta)), beta)).flatten(1)  # (B, channels)
        return self.score(x, beta).squeeze(1)

    def _features(self, block: int, images: Tensor) -> Tensor:
        return self.activate(self.rgb[str(4 * 2**block)](images, self.fade))

    def _add_block(self, stage: Stage, j: int) -> None:
        inputs, layer = stage.channels[j], self.rules.layer
        if j == 0:
            pair = [
                GrowingConv2d(inputs + 1, inputs, 3, **layer),
                GrowingConv2d(inputs, inputs, 4, padded=False, **layer),
            ]
        else:
            pair = [
                GrowingConv2d(inputs, inputs, 3, **layer),
                GrowingConv2d(inputs, stage.channels[j - 1], 3, **layer),
            ]
        self.blocks[str(4 * 2**j)] = nn.ModuleList(pair)

    def _add_rgb(self, stage: Stage) -> None:
        self.rgb[str(stage.resolution)] = GrowingConv2d(
            self.colours, stage.channels[-1], 1, **self.rules.layer
        )

    def _grow(self) -> None:
        stage, old = self.stage, self.previous
        for j in range(len(old.channels)):
            first, second = self.blocks[str(4 * 2**j)]
            inputs = stage.channels[j]
            first.grow(inputs + (j == 0), inputs)
            second.grow(inputs, stage.channels[max(j - 1, 0)])
        self.score.grow(stage.channels[0], 1)
        self.rgb[str(old.resolution)].grow(self.colours, stage.channels[len(old.channels) - 1])
        for j in range(len(old.channels), len(stage.channels)):
            self._add_block(stage, j)
        if stage.resolution != old.resolution:
            self._add_rgb(stage)


# Sandström (2019), sections 6.2.6 and 6.2.8
FAITHFUL = {"equalised": False, "pixel_norm": False, "group": 0, "slope": 0.2}


@dataclass(frozen=True)
class ProgressivePair:
    """Both players, where their model's table begins. Defaults: those of the thesis, which has no normalisation."""

    model: Model = "clggan"  # bgan, lggan, bggan, cggan or clggan: what grows
    faithful: bool = False  # the thesis's layers, without normalisations, in place of what is given here
    first: Count = 8  # dimensions of z at the first stage of a latent that grows; doubles with the resolution
    maps: Count = 8  # feature maps of the last block; each block before it has twice as many in the end
    codes: CountFrom0 = 0  # use only so many dimensions of z; 0 is all
    equalised: bool = False  # weights of variance 1, scaled where they are used (ProGAN)
    pixel_norm: bool = False  # normalise the generator's feature vectors (ProGAN)
    group: CountFrom0 = 0  # images that the minibatch deviation compares; 0 is the whole batch
    slope: Slope = 0.2  # of LeakyReLU

    def __post_init__(self) -> None:
        if self.faithful:
            for name, value in FAITHFUL.items():
                object.__setattr__(self, name, value)
        check(self)

    def table(self, resolution: int) -> tuple[Stage, ...]:
        """The stages on the way to `resolution`. Raises ValueError for one that 4 does not reach by doubling."""
        table = stages(self.model, resolution, self.first, self.maps)
        if not self.codes:
            return table
        return tuple(Stage(min(s.latent, self.codes), s.channels, s.real, s.epochs, s.fade) for s in table)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images."""
        colours, resolution = data.image
        table = self.table(resolution)
        rules = Rules(self.slope, self.equalised, self.pixel_norm, self.group)
        latent = self.first * resolution // 4
        return {
            "generator": Generator(table, latent, colours, rules),
            "discriminator": Discriminator(table, colours, rules),
        }
