"""An edit through an inverted generator, in the right order; and the open question."""

import torch
from torch import Tensor, nn

from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.checks.reference.glo_step import fill

NOISE, SIZE, PIXELS = 3, 4, 6


class Told(nn.Module):
    """E_z that is told: images (B, 6) and conditions (B, 4) -> (B, 3)."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(PIXELS + SIZE, 8), nn.Tanh(), nn.Linear(8, NOISE))

    def forward(self, images: Tensor, conditions: Tensor) -> Tensor:
        return self.layers(torch.cat([images, conditions], 1))


@exercise(
    "icgan-edit",
    title="One attribute of a given face",
    section="Three arrangements",
    kind="implement",
    trains="the order of an edit: read, round, encode, and only then change",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "Five steps: read the condition, bring it to what the generator knows, encode z, change one attribute, draw. "
        "Which condition is true of the image that E_z looks at?",
        "Take y = ±1 by the sign of E_y's answer; z from E_z(images, y); then a *copy* of y whose one column "
        "has the other "
        "sign; `generator(torch.cat([z, y], 1))`.",
    ),
    mistakes={
        "told-after": "E_z is told the changed condition. It looks at the original image, of which that is not true.",
        "not-rounded": "E_y's answer is used as it is. The generator was trained on −1 and +1 alone.",
        "rounded-late": "The generator gets a rounded condition, and E_z was told the answer before rounding. It was "
        "trained on −1 and +1 as well.",
        "set": "The attribute is set to +1 for every image. Asked for is its other value.",
        "removed": "The attribute is set to −1 for every image. Asked for is its other value.",
        "all-changed": "Every attribute has changed; only one should.",
        "not-changed": "This is the reconstruction: nothing was changed.",
        "order": "The generator takes [z, y], in this order.",
        "zero-one": "The conditions are 0 and 1 here. This generator was told −1 and +1.",
    },
    lesson="E_z is told what is true of the image; the generator, what you wish.",
)
def edited(answer, trial):
    generator, reader, encoder = (
        nn.Sequential(nn.Linear(NOISE + SIZE, 8), nn.Tanh(), nn.Linear(8, PIXELS)),
        (nn.Sequential(nn.Linear(PIXELS, 8), nn.Tanh(), nn.Linear(8, SIZE))),
        Told(),
    )
    for which, network in enumerate((generator, reader, encoder)):
        fill(network, _Named(trial, which))
    images = 1.5 * trial.draw.normal(9, PIXELS, purpose="images")
    with torch.no_grad():
        guess = reader(images)
        for column in (2, 0):
            y = torch.where(guess > 0, 1.0, -1.0)
            flip = torch.ones(SIZE).index_fill(0, torch.tensor([column]), -1.0)

            def made(z: Tensor, condition: Tensor) -> Tensor:
                return generator(torch.cat([z, condition], 1))

            z = encoder(images, y)
            right, up, down = made(z, y * flip), y.clone(), y.clone()
            up[:, column], down[:, column] = 1.0, -1.0
            half = (y + 1) / 2
            flipped_half = torch.where(flip < 0, 1 - half, half)
            wrong = {
                "told-after": made(encoder(images, y * flip), y * flip),
                "not-rounded": made(encoder(images, guess), guess * flip),
                "rounded-late": made(encoder(images, guess), y * flip),
                "set": made(z, up),
                "removed": made(z, down),
                "all-changed": made(z, -y),
                "not-changed": made(z, y),
                "order": generator(torch.cat([y * flip, z], 1)),
                "zero-one": [made(encoder(images, half), flipped_half), made(z, flipped_half)],
            }
            returned = trial.call(answer, generator, encoder, reader, images, column)
            trial.equal(returned, right, wrong, on=f"attribute {column}", name="the edited images")


class _Named:
    """A trial whose draws belong to one of several networks."""

    def __init__(self, trial, which: int):
        self.draw, self.trial, self.which = self, trial, which

    def normal(self, *shape: int, purpose: str) -> Tensor:
        return self.trial.draw.normal(*shape, purpose=f"{purpose} of {self.which}")


EXPLORE = open_end(
    "icgan-explore",
    title="An edit that nobody asked for",
    section="Edits, and what else they change",
    kind="explore",
    trains="a forecast about edits, two numbers that could refute it, and the controls beside them",
    difficulty=3,
    minutes=90,
    written=6,
)
