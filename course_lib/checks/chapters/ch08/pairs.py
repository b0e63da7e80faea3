"""Games of pairs on finite tables: the logit of a conditional discriminator, and BiGAN's game."""

import math

import torch
from torch import Tensor

from course_lib.checks.chapters.ch08.maps import as_map
from course_lib.checks.engine.exercise import exercise
from course_lib.theory import conditional_games, joint_game


@exercise(
    "family-logit",
    title="The logit, cut in two",
    section="The projection",
    kind="implement",
    trains="what a conditional discriminator must compute, and which part of it needs the condition",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "The first part compares the laws of images alone. Where do these stand in a table of p(x, y)?",
        "The sum over the rows is p(x). The two parts add up to log p(x, y)/g(x, y), so the second is what remains.",
    ),
    mistakes={
        "swapped": "The two parts have changed places: first the one without y.",
        "negated": "The sign is reversed: the logit is the logarithm of the data's law over the generator's.",
        "joint": "The second part is the whole logit, log p(x, y)/g(x, y); with equal p(y) that is also the one of "
        "p(x|y). Take off what the image alone says.",
        "by-condition": "The first part compares the laws of the *conditions*, p(y). Sum over the rows, not over the "
        "columns.",
        "ratio": "The logarithm is missing.",
        "bits": "The logarithm is to base 2. The course counts in nats.",
    },
    lesson="Only the second part needs the condition, and it is linear in features that classify: this is the "
    "projection.",
)
def logit_parts(answer, trial):
    # conditions of one probability on both sides, as in the game
    of_y = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)[:, None]
    p, g = (
        of_y * trial.draw.normal(3, 5, purpose=name).double().softmax(1) for name in ("data", "generator")
    )
    image, condition = conditional_games.log_ratio_parts(p, g)
    joint = p.log() - g.log()
    returned = trial.several(
        trial.call(answer, p.clone(), g.clone()), 2, "the part without y, the part with y"
    )
    alone, told = (trial.tensor(part, "a part") for part in returned)
    trial.expect(not (alone.shape == (3, 5) and told.shape == (5,)), "swapped")
    wrong = {
        "negated": -image,
        "by-condition": [p.sum(1).log() - g.sum(1).log(), (p.sum(1) / g.sum(1)).log()],
        "ratio": image.exp(),
        "bits": image / math.log(2),
    }
    trial.equal(alone, image, wrong, tolerance=1e-6, name="the part without y")
    wrong = {
        "joint": joint,
        "negated": -condition,
        "ratio": condition.exp(),
        "bits": condition / math.log(2),
    }
    trial.equal(told, condition, wrong, tolerance=1e-6, name="the part with y")


@exercise(
    "family-table",
    title="BiGAN's game on a table",
    section="Theory: at the optimum E undoes G",
    kind="implement",
    trains="the two laws of pairs, the discriminator that is best against them, and the share of codes that come back",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "Write down both laws as tables with a row for each image and a column for each code. Each has one number in a "
        "row, or one in a column, that is not 0.",
        "P_E[x, e(x)] = p(x), and P_G[g(z), z] = p(z). Then D* = P_E/(P_E + P_G), and ½ where both are 0.",
    ),
    mistakes={
        "swapped": "D* is the probability of the kind (x, E(x)), and here it is that of (G(z), z).",
        "unweighted": "The pairs are counted as if all images, and all codes, were equally probable.",
        "transposed": "Rows and columns have changed places: a row for each image, a column for each code.",
        "neither": "Where neither kind of pair occurs, D* is undecided: ½. It is no 0, no 1 and no nan.",
        "independent": "The law of pairs was made from its marginals, as if image and code were independent. A pair is "
        "an image with *its* code.",
        "encoder-only": "This is the law of (x, E(x)) itself, and no discriminator.",
        "images-back": "This is the share of *images* with G(E(x)) = x. Asked for are codes, weighed by p(z).",
        "counted": "Codes are counted here. Weigh each with its probability.",
        "lost": "This is the share that does not come back.",
    },
    lesson="Where D* is ½ at every pair that occurs, all codes come back: the theorem, on a table.",
)
def joint_table(answer, trial):
    for case in ("where they undo each other in part", "where they never do"):
        p_x = trial.draw.normal(4, purpose=f"images {case}").double().softmax(0)
        p_z = trial.draw.normal(4, purpose=f"codes {case}").double().softmax(0)
        encoder = torch.tensor([2, 0, 3, 3])
        generator = torch.tensor([1, 1, 0, 3]) if "part" in case else torch.tensor([2, 3, 1, 0])
        one = torch.eye(4, dtype=torch.float64)
        e, g = one[encoder], one[generator]
        encoded, generated = joint_game.encoded_pairs(p_x, e), joint_game.generated_pairs(p_z, g)
        right = _best(encoded, generated)
        back = joint_game.recovered(p_z, g, e)
        counted = (encoder[generator] == torch.arange(4)).double().mean()
        images_back = (p_x * (generator[encoder] == torch.arange(4))).sum()
        returned = trial.call(answer, p_x.clone(), p_z.clone(), encoder.clone(), generator.clone())
        best, share = trial.several(returned, 2, "the table of D*, the share of codes")
        marginals = [law.sum(1)[:, None] * law.sum(0) for law in (encoded, generated)]
        with_nothing = [torch.where(encoded + generated > 0, right, fill) for fill in (0.0, 1.0, torch.nan)]
        wrong = {
            "neither": with_nothing,
            "swapped": 1 - right,
            "unweighted": _best(e / 4, (g / 4).T),
            "transposed": [right.T, 1 - right.T],
            "independent": _best(*marginals),
            "encoder-only": encoded,
        }
        trial.equal(best, right, wrong, on=case, not_finite="neither", tolerance=1e-6, name="the table of D*")
        wrong = {"images-back": images_back, "counted": counted, "lost": 1 - back}
        trial.equal(share, back, wrong, on=case, tolerance=1e-6, name="the share of codes")


def _best(encoded: Tensor, generated: Tensor) -> Tensor:
    total = encoded + generated
    return torch.where(total > 0, encoded / total.clamp(min=1e-300), 0.5)


@exercise(
    "family-lost",
    title="Right marginals, and no way back",
    section="Theory: at the optimum E undoes G",
    kind="prove",
    trains="the difference between two right marginals and two equal joint laws",
    difficulty=2,
    minutes=35,
    points=2,
    written=5,
    hints=(
        "Images and codes are equally probable. When is the law of E(x) that of the codes, and the law of G(z) that of "
        "the images?",
        "Both must be permutations. Take E(x) = x, and a G that leaves nothing in its place.",
    ),
    mistakes={
        "form": "Return two lists or tensors of {count} whole numbers from 0 to {last}: the code of each image, and "
        "the image of each code.",
        "codes-missing": "The encoder never gives the code {code}, so its codes do not have the law of z.",
        "images-missing": "The generator never makes the image {image}, so its images do not have the law of the data.",
        "back": "{share} of {count} codes come back, that is, E(G(z)) = z. None should.",
    },
    lesson="Each marginal is right and the discriminator of pairs is never wrong: V is 0, as large as it can be.",
)
def lost_codes(answer, trial):
    for count in (2, 5):
        returned = trial.several(trial.call(answer, count), 2, "the encoder, the generator")
        encoder, generator = (as_map(part, count, trial) for part in returned)
        for which, values in (("code", encoder), ("image", generator)):
            missing = sorted(set(range(count)) - set(values.tolist()))
            trial.expect(not missing, f"{which}s-missing", **{which: missing[0] if missing else 0})
        back = int((encoder[generator] == torch.arange(count)).sum())
        trial.expect(back == 0, "back", share=back, count=count)
