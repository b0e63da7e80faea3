"""From factors to lengths and colours: everything about a face that is one number per picture."""

import math
from dataclasses import dataclass, fields

from torch import Tensor

from course_lib.data.faces import palettes
from course_lib.data.faces.factors import COLUMN

YAW, ROLL = 0.45, 0.28  # radians at the ends of the factors
PIVOT = 0.12  # height of the point about which the head tilts
HEAD_LEVEL, HEAD_HEIGHT = -0.06, 0.54  # the middle of the head, and half its height
EYE_LEVEL, MOUTH_LEVEL = -0.05, 0.245
EYE_ANGLE = 0.40  # radians between the middle of the face and an eye, seen from the head's axis


@dataclass(frozen=True, eq=False)
class Look:
    """One row per picture: numbers (B, 1, 1), colours (B, 3, 1, 1) in [0, 1].

    The head is an egg with centre (0, -0.06) and radii (`wide`, 0.54), and the features lie on an ellipsoid of
    that width: at the angle a from the middle of the face they appear at `wide` · sin(a + yaw), narrowed by
    cos(a + yaw). That is all the parallax there is.
    """

    turn: Tensor  # yaw in radians
    tilt: Tensor
    wide: Tensor
    length: Tensor  # of the hair, -1 to 1
    smile: Tensor
    open: Tensor  # of the eyes, 0.1 to 1
    lines: Tensor  # of age, 0 to 1
    grey: Tensor  # of the hair, 0 to 1
    light: Tensor  # -1 (left) to 1 (right)
    gaze: Tensor
    brows: Tensor
    parting: Tensor
    glasses: Tensor
    sunglasses: Tensor
    beard: Tensor
    hat: Tensor
    eye_colour: Tensor
    skin: Tensor
    skin_dark: Tensor
    skin_bright: Tensor
    hair: Tensor
    hair_dark: Tensor
    hair_bright: Tensor
    background: Tensor
    clothing: Tensor
    hat_colour: Tensor

    @classmethod
    def of(cls, factors: Tensor) -> "Look":
        """The look of float factors (B, K)."""

        def named(name: str) -> Tensor:
            return factors[:, COLUMN[name], None, None]

        age, skin = named("age"), palettes.ramp(palettes.SKIN, named("skin"))
        grey = ((age - 0.1) / 0.9).clamp(0, 1)
        grey_hair = palettes.colour(palettes.GREY, factors.device)
        hair = palettes.ramp(palettes.HAIR, named("hair_colour")).lerp(grey_hair, 0.85 * grey[:, None])
        return cls(
            turn=YAW * named("yaw"),
            tilt=ROLL * named("roll"),
            wide=0.435 + 0.03 * named("face_width"),
            length=named("hair_length"),
            smile=named("smile"),
            open=0.56 + 0.44 * named("eye_openness"),
            lines=((age + 0.3) / 1.3).clamp(0, 1),
            grey=grey,
            light=named("light"),
            gaze=named("gaze"),
            brows=named("brows"),
            parting=named("parting"),
            glasses=named("glasses"),
            sunglasses=named("sunglasses"),
            beard=named("beard"),
            hat=named("hat"),
            # no factor of its own: dark eyes with dark skin, and light ones with fair hair more often
            eye_colour=(0.55 * named("hair_colour") - 0.75 * named("skin") + 0.1).clamp(-1, 1),
            skin=skin,
            skin_dark=palettes.tint(skin, 0.80, 0.66, 0.63),
            skin_bright=palettes.tint(skin, 1.05, 1.03, 1.0, lift=0.12),
            hair=hair,
            hair_dark=palettes.tint(hair, 0.60, 0.54, 0.58),
            hair_bright=palettes.tint(hair, 1.18, 1.15, 1.12, lift=0.10),
            background=palettes.ramp(palettes.BACKGROUND, named("background")),
            clothing=palettes.ramp(palettes.CLOTHING, named("clothing")),
            hat_colour=palettes.ramp(palettes.HAT, named("clothing")),
        )

    def at(self, index: Tensor) -> "Look":
        """The looks of the pictures at `index` alone."""
        return Look(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def across(self, angle: float, reach: float = 1.0) -> Tensor:
        """Where a feature at `angle` from the middle of the face appears; `reach` above 1 stands out from it."""
        return self.wide * reach * (angle + self.turn).sin()

    def narrowing(self, angle: float) -> Tensor:
        """How much narrower a feature at `angle` appears than on a face seen from the front."""
        return (angle + self.turn).cos() / math.cos(angle)
