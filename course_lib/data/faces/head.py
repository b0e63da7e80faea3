"""The head and what is skin on it: neck, ears, face, nose, mouth, the lines of age, the beard."""

from torch import Tensor

from course_lib.data.faces import palettes
from course_lib.data.faces.canvas import Canvas
from course_lib.data.faces.look import EYE_ANGLE, EYE_LEVEL, HEAD_HEIGHT, HEAD_LEVEL, MOUTH_LEVEL, Look


def roundness(canvas: Canvas, look: Look) -> Tensor:
    """The head's egg as a field (B, h, w): 1 on its outline, less inside."""
    down = (canvas.v - HEAD_LEVEL).div_(HEAD_HEIGHT)
    chin = down.clamp(min=0)
    # below the eyes the egg narrows towards the jaw and swings a little to where the face looks
    across = canvas.u - chin * (0.17 * look.turn)
    across = across.mul_(chin.square_().mul_(0.20).add_(1)).div_(look.wide)
    return across.square_().addcmul_(down, down).sqrt_()


def lightness(canvas: Canvas, look: Look) -> Tensor:
    """How bright a rounded head is: (B, h, w), 0 in the shade to 1 in full light."""
    across = canvas.u / (look.wide * 1.05)
    down = (canvas.v - HEAD_LEVEL).div_(HEAD_HEIGHT * 1.05)
    depth = across.square().addcmul_(down, down).neg_().add_(1).clamp_(min=0).sqrt_()
    return across.mul_(0.60 * look.light).sub_(down.mul_(0.24)).add_(depth.mul_(0.6)).add_(0.14).clamp_(0, 1)


def neck(canvas: Canvas, look: Look) -> None:
    """A neck from the tilted head to shoulders that stay, darker under the chin."""
    with canvas.part(-0.45, 0.2, 0.45, 0.9) as c:
        across = c.x - (0.62 - c.y).clamp_(0, 0.5) * (look.tilt * 0.9)
        light = (across * (1.6 * look.light)).add_(0.5).clamp_(0, 1)
        cover = c.cover(across.abs_().sub_(0.16 + (c.y - 0.42).square_() * 0.9))
        c.shade(cover, look.skin_dark, look.skin, light)
        shadow = c.glow(look.across(0) * 0.4, 0.40, 0.40, 0.30).mul_(cover).mul_(0.8)
        c.paint(shadow, palettes.tint(look.skin_dark, 0.84, 0.76, 0.76))


def ears(canvas: Canvas, look: Look, front: bool) -> None:
    """Both ears: behind the head, and again in front of it where the turned head shows one."""
    for side in (-1, 1):
        angle = side * 1.66
        facing = (angle + look.turn).cos()
        shown = (facing * 6).clamp(0, 1) if front else 1.0
        with canvas.part(min(-0.2, side * 0.72), -0.32, max(0.2, side * 0.72), 0.36) as c:
            place, width = look.across(angle, 1.03), 0.066 + 0.03 * facing.clamp(min=0)
            cover = c.disc(place, 0.01, width, 0.112).mul_(shown)
            light = (c.v * -1.5).add_(0.45 + 0.25 * side * look.light).clamp_(0, 1)
            c.shade(cover, look.skin_dark, look.skin_bright, light)
            c.paint(c.disc(place, 0.01, width * 0.5, 0.066).mul_(0.5 * shown), look.skin_dark)


def face(canvas: Canvas, look: Look) -> None:
    """The head, shaded as something round, with warm cheeks."""
    with canvas.part(-0.66, -0.78, 0.66, 0.60) as c:
        cover = c.cover(roundness(c, look).sub_(1).mul_(0.48))
        c.shade(cover, look.skin_dark, look.skin_bright, lightness(c, look))
    blush = palettes.tint(look.skin, 1.02, 0.70, 0.66)
    for side in (-1, 1):
        with canvas.part(min(-0.14, side * 0.56), -0.16, max(0.14, side * 0.56), 0.42) as c:
            width = 0.19 * look.narrowing(side * 0.6)
            spot = c.glow(look.across(side * 0.62, 0.93), 0.135 - 0.02 * look.smile, width, 0.15)
            c.paint(spot.mul_(0.48 + 0.16 * look.smile), blush)


def nose(canvas: Canvas, look: Look) -> None:
    """Shade on the side away from the light, a bright tip, a shadow below with two nostrils."""
    with canvas.part(-0.40, -0.20, 0.40, 0.32) as c:
        tip, edge = look.across(0, 1.17), look.across(0, 1.06)
        for side in (-1, 1):
            depth = (0.26 - 0.42 * side * look.light + 0.5 * side * look.turn).clamp(0, 0.8)
            c.paint(c.glow(edge + side * 0.055, 0.045, 0.055, 0.15).mul_(depth), look.skin_dark)
        dark = palettes.tint(look.skin_dark, 0.86, 0.76, 0.76)
        c.paint(c.glow(tip, 0.145, 0.085, 0.042).mul_(0.85), dark)
        c.paint(c.glow(tip + 0.01 * look.light, 0.098, 0.06, 0.065).mul_(0.75), look.skin_bright)
        for side in (-1, 1):
            c.paint(
                c.glow(tip + side * 0.034, 0.143, 0.022, 0.017).mul_(0.7),
                palettes.tint(dark, 0.7, 0.55, 0.55),
            )


def mouth(canvas: Canvas, look: Look) -> None:
    """Lips along a curve that the smile bends, open over teeth in a laugh."""
    with canvas.part(-0.50, 0.05, 0.50, 0.46) as c:
        half = (0.135 + 0.035 * look.smile.clamp(min=0)) * look.turn.cos()
        bend = look.smile * (0.062 + 0.016 * look.smile)
        across = (c.u - look.across(0, 1.04)).div_(half).square_()
        bow = (1 - across).clamp_(min=0)  # 1 in the middle, 0 at the corners
        line = c.v - MOUTH_LEVEL + (across.clamp_(max=1.2) - 0.55).mul_(bend)
        gap = 0.085 * ((look.smile - 0.05) / 0.95).clamp(0, 1)
        lip = palettes.tint(look.skin, 0.88, 0.56, 0.55)
        c.paint(c.stroke(line - bow * (gap / 2 + 0.006), bow * (gap / 2 + 0.032)), lip)
        c.paint(c.stroke(line + bow * 0.012, bow * 0.015), palettes.tint(lip, 0.84, 0.76, 0.78))
        shine = c.glow(
            look.across(0, 1.04) + 0.02 * look.light, MOUTH_LEVEL + 0.033 + gap * 1.25, 0.06, 0.016
        )
        c.paint(shine.mul_(0.4), palettes.tint(lip, 1.2, 1.2, 1.2, lift=0.35))
        opened = (gap / 0.03).clamp(max=1)
        dark = palettes.tint(lip, 0.42, 0.26, 0.30)
        c.paint(c.stroke(line - bow * (gap / 2), bow * (gap / 2 + 0.004)), dark)
        c.paint(
            c.stroke(line - bow * (gap * 0.28), bow * (gap * 0.27)).mul_(opened),
            palettes.colour("#fbf6ef", c.image.device),
        )
        corners = c.stroke(line, bow.clamp_(max=0.3).mul_(0.02)).mul_(0.8 * (1 - opened))
        c.paint(corners, dark)
        below = c.glow(look.across(0, 1.02), MOUTH_LEVEL + 0.085 + gap, 0.10, 0.028)
        c.paint(below.mul_(0.5 * (1 - look.beard)), look.skin_dark)


def lines(canvas: Canvas, look: Look) -> None:
    """Age: folds beside the mouth, under and beside the eyes, and across the forehead."""
    dark = palettes.tint(look.skin_dark, 0.84, 0.74, 0.74)
    with canvas.part(-0.62, -0.50, 0.62, 0.42) as c:
        middle = look.across(0)
        forehead = ((c.u - middle) / 0.23).square_()
        bow = (1 - forehead).clamp_(min=0)
        for level in (-0.335, -0.275, -0.215):
            c.paint(c.stroke(c.v - level - forehead * 0.02, bow * 0.009).mul_(look.lines), dark)
        for side in (-1, 1):
            down = (c.v - 0.10) / 0.19  # 0 beside the nose, 1 below the corner of the mouth
            fold = look.across(side * 0.20, 1.08) + side * 0.11 * down.clamp(0, 1).sqrt()
            bow = (down * (1 - down)).mul_(4).clamp_(min=0)
            c.paint(c.stroke(c.u - fold, bow * 0.012).mul_(look.lines), dark)
            eye, width = look.across(side * EYE_ANGLE), 0.105 * look.narrowing(side * EYE_ANGLE)
            along = ((c.u - eye) / width).square_()
            bow = (1 - along).clamp_(min=0)
            c.paint(c.stroke(c.v - EYE_LEVEL - 0.105 + along.mul_(0.03), bow * 0.009).mul_(look.lines), dark)
            # 0 at the eye's corner, 1 at the temple
            out = (c.u - eye).mul_(side).sub_(width * 1.18).div_(0.09)
            bow = (out * (1 - out)).mul_(4).clamp_(min=0)
            for slope in (-0.04, 0.0, 0.04):
                c.paint(c.stroke(c.v - EYE_LEVEL - slope * (out + 0.35), bow * 0.008).mul_(look.lines), dark)


def beard(canvas: Canvas, look: Look) -> None:
    """Hair along the jaw from ear to ear, and over the lip."""
    with canvas.part(-0.68, -0.25, 0.68, 0.68) as c:
        cover = c.cover(roundness(c, look).sub_(1.06).mul_(0.48))
        bare = c.disc(look.across(0, 0.85), -0.10, look.wide * 0.80, 0.285)
        lip = c.disc(look.across(0, 1.04), MOUTH_LEVEL + 0.01, 0.10, 0.022)
        cover.mul_(bare.neg_().add_(1)).mul_(c.cover(-c.v - 0.07, soft=0.08)).mul_(lip.mul_(-0.6).add_(1))
        strands = (c.u.abs() * 46 + c.v * 9).cos_().mul_(0.07)
        light = (c.u * (0.9 * look.light)).sub_(c.v * 0.6).add_(0.55).add_(strands).clamp_(0, 1)
        c.shade(cover.mul_(look.beard), palettes.tint(look.hair_dark, 0.9, 0.9, 0.9), look.hair, light)
