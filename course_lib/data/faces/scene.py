"""What is behind the face and below it: a soft backdrop, shoulders in a shirt."""

from course_lib.data.faces import palettes
from course_lib.data.faces.canvas import Canvas
from course_lib.data.faces.look import Look


def backdrop(canvas: Canvas, look: Look) -> None:
    """One hue, brighter towards the light, with a pale disc behind the head."""
    c = canvas
    deep = palettes.tint(look.background, 0.80, 0.78, 0.84)
    pale = palettes.tint(look.background, 1.04, 1.04, 1.04, lift=0.22)
    light = (c.x * (0.16 * look.light)).sub_(c.y * 0.30).add_(0.46)
    c.image.copy_((pale - deep) * light[:, None] + deep)
    halo = c.cover((c.x.square() + (c.y + 0.05).square()).sqrt_().sub_(0.80))
    c.paint(
        halo.mul_(0.30).expand(len(c.image), -1, -1), palettes.tint(look.background, 1.1, 1.1, 1.1, lift=0.45)
    )


def shirt(canvas: Canvas, look: Look) -> None:
    """Shoulders, and a collar around the neck."""
    with canvas.part(-1.0, 0.5, 1.0, 1.0) as c:
        dark, bright = (
            palettes.tint(look.clothing, 0.62, 0.60, 0.66),
            palettes.tint(look.clothing, 1.12, 1.1, 1.08, 0.06),
        )
        across = c.x.abs()
        slope = c.cover(
            across.pow(2.4).mul_(0.50).sub_(c.y).add_(0.60).expand(len(c.image), -1, -1).contiguous()
        )
        neckline = c.cover(
            (c.x / 0.235).square_().add_(((c.y - 0.56) / 0.20).square_()).sqrt_().sub_(1).mul_(-0.22)
        )
        light = (c.x * (0.55 * look.light)).sub_((c.y - 0.8) * 0.5).add_(0.5).clamp_(0, 1)
        c.shade(slope.mul_(neckline), dark, bright, light)
        collar = (c.x / 0.26).square_().add_(((c.y - 0.56) / 0.225).square_()).sqrt_().sub_(1).mul_(0.24)
        edge = c.stroke(collar, 0.022).expand_as(slope) * slope
        c.shade(edge, palettes.tint(dark, 0.86, 0.86, 0.88), look.clothing, light)
