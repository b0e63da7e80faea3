"""Eyes, brows, and what is worn in front of them."""

from torch import Tensor

from course_lib.data.faces import palettes
from course_lib.data.faces.canvas import Canvas, squares
from course_lib.data.faces.look import EYE_ANGLE, EYE_LEVEL, Look

WIDTH = 0.105  # half of an eye's
UPPER, LOWER = 0.098, 0.048  # its lids above and below its corners, wide open


def eye(canvas: Canvas, look: Look, side: int) -> None:
    """One eye and its brow; `side` is -1 for the picture's left, 1 for its right."""
    with canvas.part(-0.30 if side > 0 else -0.58, -0.42, 0.58 if side > 0 else 0.30, 0.20) as c:
        device, place = c.image.device, look.across(side * EYE_ANGLE)
        width = WIDTH * look.narrowing(side * EYE_ANGLE)
        offset = (c.u - place).div_(width)
        outer = offset * side  # 1 at the corner towards the temple
        along = offset.square_()
        bow = (1 - along).clamp_(min=0)
        down = c.v - EYE_LEVEL + outer * 0.012  # the outer corner lies a little higher
        upper, lower = UPPER * look.open, LOWER * (0.45 + 0.55 * look.open)

        # the socket, the lid that shows above the eye, the eyeball
        socket = c.glow(place, EYE_LEVEL - 0.03, width * 1.5, 0.15).mul_(0.38)
        c.paint(socket, look.skin_dark)
        lid = c.stroke(down + bow * (UPPER * 0.55), bow * (UPPER * 0.62))
        c.paint(lid, palettes.tint(look.skin, 0.90, 0.79, 0.76))
        inside = c.stroke(down + bow * ((upper - lower) / 2), bow * ((upper + lower) / 2))
        white = palettes.colour("#fffaf4", device)
        shade = palettes.colour("#cdbfc0", device)
        c.shade(inside, shade, white, (down * 12).add_(0.95).clamp_(0, 1))

        # iris, pupil and the lights in them, all cut by the lids
        iris_u = place + 0.030 * look.gaze * look.narrowing(side * EYE_ANGLE) + 0.012 * look.turn
        iris_v = EYE_LEVEL - 0.024
        reach = squares(
            c.u, c.v, iris_u, iris_v, 0.062 * look.narrowing(side * EYE_ANGLE) ** 0.5, 0.062
        ).sqrt_()
        iris = c.cover((reach - 1).mul_(0.062)).mul_(inside)
        colour = palettes.ramp(palettes.IRIS, look.eye_colour)
        c.shade(
            iris,
            palettes.tint(colour, 0.4, 0.4, 0.4),
            palettes.tint(colour, 1.1, 1.1, 1.1),
            (c.v - iris_v).mul_(7).add_(0.55).clamp_(0, 1),
        )
        c.paint(c.cover((reach - 0.5).mul_(0.062)).mul_(inside), palettes.colour("#17110f", device))
        glint = c.disc(iris_u + 0.022 * look.light, iris_v - 0.022, 0.019, 0.019)
        c.paint(glint.mul_(inside), palettes.colour("#ffffff", device))
        low = c.disc(iris_u - 0.022 * look.light, iris_v + 0.027, 0.010, 0.010)
        c.paint(low.mul_(inside).mul_(0.55), palettes.colour("#ffffff", device))

        # lashes along the upper lid, a fine line along the lower, a crease above
        lash = palettes.colour("#2a1b18", device)
        thick = (bow + 0.22).clamp_(max=1).mul_(0.0145)
        thick.mul_((along.clamp(max=1.25) - 1.25).neg_().mul_(5).clamp_(max=1))  # a little beyond the corners
        c.paint(c.stroke(down + bow * upper + 0.002, thick), lash)
        c.paint(
            c.stroke(down - bow * lower, bow * 0.006).mul_(0.55),
            palettes.tint(look.skin_dark, 0.75, 0.6, 0.6),
        )
        crease = c.stroke(down + bow * (UPPER * 1.18) + 0.012, bow * 0.007).mul_(0.65)
        c.paint(crease, palettes.tint(look.skin_dark, 0.86, 0.74, 0.74))

        # the brow: thicker towards the nose, lifted or lowered
        span = (c.u - look.across(side * (EYE_ANGLE + 0.02), 1.03)).mul_(side).div_(width * 1.28)
        rise = 0.165 + 0.035 * look.brows
        curve = c.v - EYE_LEVEL + rise - (span - 0.15).square_() * 0.036 - span * (0.016 + 0.014 * look.brows)
        body = (1 - span.square()).clamp_(min=0).sqrt_().mul_((1.15 - 0.45 * span).mul_(0.021))
        c.paint(c.stroke(curve, body), palettes.tint(look.hair_dark, 0.85, 0.85, 0.88))


def clear_glasses(canvas: Canvas, look: Look) -> None:
    """Round rims with a faint glare."""
    ink = palettes.colour("#2b2730", canvas.image.device)
    with canvas.part(-0.66, -0.34, 0.66, 0.32) as c:
        for side in (-1, 1):
            reach = _lens(c, look, side, 0.150, 0.142, square=False)
            inside = c.cover((reach - 1).mul_(0.146))
            glare = _glare(c, look, side).mul_(inside).mul_(look.glasses)
            c.paint(inside.mul_(0.07 * look.glasses), palettes.colour("#ffffff", c.image.device))
            c.paint(glare.mul_(0.34), palettes.colour("#ffffff", c.image.device))
            c.paint(c.stroke((reach - 1).mul_(0.146), 0.0155).mul_(look.glasses), ink)
        _frame(c, look, ink, look.glasses)


def sun_glasses(canvas: Canvas, look: Look) -> None:
    """Dark lenses that mirror the sky: lighter towards the bottom, with a streak of glare."""
    ink = palettes.colour("#17151a", canvas.image.device)
    top, bottom = (palettes.colour(code, canvas.image.device) for code in ("#14151d", "#5a5064"))
    with canvas.part(-0.66, -0.34, 0.66, 0.32) as c:
        for side in (-1, 1):
            reach = _lens(c, look, side, 0.156, 0.116, square=True)
            inside = c.cover((reach - 1.06).mul_(0.136)).mul_(look.sunglasses)
            c.shade(inside, top, bottom, (c.v - EYE_LEVEL).mul_(3.4).add_(0.45).clamp_(0, 1))
            c.paint(_glare(c, look, side).mul_(inside).mul_(0.32), palettes.colour("#dfe9f5", c.image.device))
            c.paint(c.stroke((reach - 1).mul_(0.136), 0.017).mul_(look.sunglasses), ink)
        _frame(c, look, ink, look.sunglasses)


def _lens(c: Canvas, look: Look, side: int, ru: float, rv: float, square: bool) -> Tensor:
    """The lens as a field that is 1 on its rim."""
    narrow = look.narrowing(side * EYE_ANGLE) ** 0.8
    across = (c.u - look.across(side * EYE_ANGLE, 1.05)).div_(ru * narrow).square_()
    down = (c.v - EYE_LEVEL - 0.012).div_(rv).square_()
    if not square:
        return across.add_(down).sqrt_()
    return across.square_().add_(down.square_()).sqrt_().sqrt_()


def _glare(c: Canvas, look: Look, side: int) -> Tensor:
    """A streak over a lens that leans away from the light."""
    slant = (
        (c.u - look.across(side * EYE_ANGLE, 1.05))
        + (c.v - EYE_LEVEL) * (0.9 * (4 * look.light).tanh())
        - 0.05 * look.light
    )
    return c.cover(slant.abs_().sub_(0.035), soft=0.02)


def _frame(c: Canvas, look: Look, ink: Tensor, alpha: Tensor) -> None:
    """The bridge over the nose and the temples to the ears."""
    left, right = (look.across(s * EYE_ANGLE, 1.05) for s in (-1, 1))
    middle = (left + right) / 2
    across = ((c.u - middle) / 0.06).square_()
    bow = (1 - across).clamp_(min=0)
    c.paint(
        c.stroke(c.v - EYE_LEVEL + 0.012 + bow * 0.02, (bow * 8).clamp_(max=1).mul_(0.014)).mul_(alpha), ink
    )
    for side in (-1, 1):
        eye_u = look.across(side * EYE_ANGLE, 1.05) + side * 0.15 * look.narrowing(side * EYE_ANGLE)
        ear = look.across(side * 1.6, 1.02)
        span = (c.u - eye_u) / (ear - eye_u)
        within = (span * (1 - span)).mul_(4 * 6).clamp_(0, 1)
        # the temple of the far side lies behind the face
        shown = ((side * (ear - eye_u)) * 12).clamp(0, 1) * alpha
        c.paint(c.stroke(c.v - EYE_LEVEL + 0.035, within * 0.013).mul_(shown), ink)
