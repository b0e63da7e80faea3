"""Hair behind the head and over it, and the hat."""

import torch
from torch import Tensor

from course_lib.data.faces import palettes
from course_lib.data.faces.canvas import Canvas, squares
from course_lib.data.faces.look import Look

CAP_LEVEL = -0.11


def _volume(look: Look) -> Tensor:
    """How far the hair stands off the head."""
    return 0.036 + 0.030 * (look.length + 1)


def _bottom(look: Look) -> Tensor:
    """How far down the hair reaches."""
    return 0.34 + 0.52 * look.length - 0.14 * (1 - look.length.abs())


def _outer(c: Canvas, look: Look) -> Tensor:
    """Everything that is hair seen from outside: a cap, and what hangs from it."""
    volume, back = _volume(look), -0.06 * look.turn.sin()
    wide = look.wide + volume
    cap = c.disc(back, CAP_LEVEL, wide, 0.52 + volume)
    bottom = _bottom(look)
    cap = cap.mul_(c.cover(c.v - bottom.clamp(min=-0.02), soft=0.05))
    middle, half = (bottom - 0.50) / 2, (bottom + 0.50) / 2
    flare = 1 + 0.10 * (look.length.clamp(min=0)) * (c.v - 0.2).clamp_(min=0)
    across = ((c.u - back) / wide).div_(flare).square_().square_()
    down = ((c.v - middle) / half).square_().square_()
    fall = c.cover(across.add_(down).sqrt_().sqrt_().sub_(1).mul_(wide))
    fall.mul_(c.cover(CAP_LEVEL - c.v, soft=0.03))  # above this the cap alone says how wide the hair is
    return torch.maximum(cap, fall)


def _lightness(c: Canvas, look: Look) -> Tensor:
    """Light on the hair: round like the head, combed in strands, with a bright band."""
    part = 0.3 * look.turn.sin() + 0.16 * look.parting
    ray = (c.u - part) / (c.v + 1.35)  # strands fan out from a point above the parting
    strands = (ray * 47).cos_().mul_(0.6).add_((ray * 83).cos_().mul_(0.4))
    reach = squares(c.u, c.v, 0, CAP_LEVEL, look.wide + _volume(look), 0.60).sqrt_()
    band = (reach - 0.80).div_(0.13).square_().neg_().add_(1).clamp_(min=0)
    side = (c.u * (1.5 * look.light)).sub_(c.v * 0.55)
    band = band.mul_((side + 0.25).clamp_(0, 1)).mul_(strands * 0.20 + 0.75)
    return side.mul_(0.5).add_(0.36).add_(strands.mul_(0.075)).add_(band.mul_(0.55)).clamp_(0, 1)


def back(canvas: Canvas, look: Look) -> None:
    """The hair behind the head and neck, in the shade."""
    with canvas.part(-0.80, -0.92, 0.80, 1.0) as c:
        light = (c.u * (0.7 * look.light)).sub_(c.v * 0.25).add_(0.22).clamp_(0, 0.7)
        c.shade(_outer(c, look), palettes.tint(look.hair_dark, 0.88, 0.88, 0.92), look.hair_bright, light)


def front(canvas: Canvas, look: Look) -> None:
    """The hair over the forehead and beside the face, with its shadow on the skin."""
    with canvas.part(-0.80, -0.92, 0.80, 1.0) as c:
        outer = _outer(c, look)
        away = c.u - (look.across(0, 0.72) + 0.20 * look.parting)
        # an arch over the forehead that is highest at the parting
        arch = c.v + 0.44 - away.square_() * 1.75 - 0.03 * look.length
        # the face shows through an opening that is round above and straight below
        opening = look.wide * (0.955 - 0.075 * look.length)
        sides = squares(c.u, c.v.clamp(max=0.10), look.across(0, 0.42), 0.10, opening, 0.60)
        ends = (_bottom(look) - 0.07 * (1 - look.length.clamp(min=0))).clamp(min=-0.10)
        hair = _combined(arch, sides, c).mul_(outer)
        below = c.cover(c.v - ends, soft=0.06)
        # shadow first, a little lower than the hair itself
        shade = _combined(arch - 0.045, sides / 0.90, c, soft=0.06).mul_(below).mul_(outer).mul_(0.5)
        c.paint(shade, palettes.tint(look.skin_dark, 0.9, 0.82, 0.82))
        c.shade(hair.mul_(below), look.hair_dark, look.hair_bright, _lightness(c, look))


def _combined(arch: Tensor, sides: Tensor, c: Canvas, soft: float = 0.0) -> Tensor:
    """Hair above the arch or outside the opening."""
    above = c.cover(arch.clone(), soft)
    outside = c.cover(sides.sqrt().sub_(1).mul_(-0.45), soft)
    return torch.maximum(above, outside)


def hat(canvas: Canvas, look: Look) -> None:
    """A hat with a brim and a band, tilted and turned with the head, and its shadow on the forehead."""
    colour = look.hat_colour
    dark, bright = palettes.tint(colour, 0.62, 0.58, 0.60), palettes.tint(colour, 1.12, 1.1, 1.08, lift=0.10)
    with canvas.part(-0.95, -1.0, 0.95, 0.15) as c:
        place = 0.03 * look.turn.sin()
        wide = look.wide + 0.02
        shadow = c.glow(place, -0.30, 0.56, 0.24).mul_(look.hat)
        c.paint(shadow.mul_(0.55), palettes.tint(look.skin_dark, 0.7, 0.6, 0.62))
        light = (c.u * (0.9 * look.light)).sub_((c.v + 0.55) * 0.5).add_(0.55).clamp_(0, 1)
        # crown: a rounded block, narrower at the top, with a dent
        up = (c.v + 0.62).div_(0.29)
        across = (c.u - place).div_(wide).mul_((up * -0.10).add_(1.03))
        block = across.pow(4).add_(up.pow(4)).sqrt_().sqrt_()
        crown = c.cover(block.sub_(1).mul_(0.34)).mul_(look.hat)
        dent = c.glow(place, -0.88, 0.26, 0.16)
        c.shade(crown, dark, bright, light - dent.mul_(0.35))
        bend = (c.u - place).square_().mul_(0.22)  # brim and band curve down in the middle
        level = c.v + 0.42 + bend
        band = c.cover((level + 0.055).abs_().sub_(0.055)).mul_(crown)
        c.shade(band, palettes.tint(dark, 0.45, 0.45, 0.5), palettes.tint(dark, 0.8, 0.8, 0.85), light)
        half = (1 - ((c.u - place) / 0.70).square_()).clamp_(min=0).sqrt_().mul_(0.062)
        brim = c.stroke(level - 0.045, half).mul_(look.hat)
        c.shade(brim, dark, bright, (light * 0.75 - (level - 0.02) * 3.0).add_(0.2).clamp_(0, 1))
