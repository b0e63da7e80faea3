"""Conditional networks: where the condition enters, and that its law travels with the weights."""

import numpy as np
import pytest
import torch

from course_lib import data
from course_lib.data.images import ImageSet
from course_lib.data.spec import DataSpec
from course_lib.errors import CourseError, UsageError
from course_lib.networks.condition_encoders import ConditionEncoders
from course_lib.networks.conditional import ConditionalPair
from course_lib.networks.conditions import ROWS, Conditions
from course_lib.seeds import generator

DIGITS = DataSpec((1, 16, 16), classes=10)
FACES = DataSpec((3, 16, 16), factor_names=("yaw", "hat", "smile"))
SMALL = {"noise": 5, "generator_width": 4, "discriminator_width": 4}


def faces(n=300):
    draw = np.random.default_rng(0)
    factors = np.stack(
        [draw.uniform(-1, 1, n), draw.uniform(size=n) < 0.2, draw.uniform(-1, 1, n)], 1
    ).astype(np.float32)
    return ImageSet("f", np.zeros((n, 3, 16, 16), np.uint8), factors=factors, factor_names=FACES.factor_names)


def test_attributes_are_signs_about_the_middle_of_their_factor():
    told, data = Conditions.named("smile, hat", FACES), faces()
    told.observe(data)
    factors = torch.from_numpy(data.factors)
    y = told.of(None, factors)
    assert y.shape == (300, 2) and set(y.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(y[:, 1] > 0, factors[:, 1] == 1)  # a binary factor keeps its meaning
    assert (y[:, 0] > 0).float().mean().item() == pytest.approx(0.5, abs=0.1)
    drawn = told.draw(4_000, generator(0, purpose="test"))
    assert (drawn[:, 1] > 0).float().mean().item() == pytest.approx(data.factors[:, 1].mean(), abs=0.03)


def test_the_law_of_classes_is_the_datas_and_travels_with_the_state():
    told = Conditions.named("labels", DIGITS)
    labels = np.array([7] * 30 + [1] * 10)
    told.observe(ImageSet("d", np.zeros((40, 1, 16, 16), np.uint8), labels, tuple("0123456789")))
    other = Conditions.named("labels", DIGITS)
    other.load_state_dict(told.state_dict())
    shares = other.draw(4_000, generator(0, purpose="test")).mean(0)
    assert shares[7].item() == pytest.approx(0.75, abs=0.03) and shares[[0, 2, 3]].sum() == 0
    assert len(told.table) == ROWS


def test_before_any_data_every_condition_is_drawn():
    for told in (Conditions.named("labels", DIGITS), Conditions.named("yaw, hat, smile", FACES)):
        rows = told.draw(500, generator(0, purpose="test")).unique(dim=0)
        assert len(rows) == (10 if told.classes else 8)


@pytest.mark.parametrize(
    ("words", "data", "message"),
    [
        ("labels", FACES, "have none"),
        ("beard", FACES, "no factor 'beard'"),
        ("hat, hat", FACES, "twice"),
        ("hat", DIGITS, "it has none"),
    ],
)
def test_conditions_that_the_data_lack_are_refused(words, data, message):
    with pytest.raises(UsageError, match=message):
        ConditionalPair(conditions=words).build(data)


def test_what_is_no_condition_is_refused():
    digits, attributes = Conditions.named("labels", DIGITS), Conditions.named("hat", FACES)
    with pytest.raises(UsageError, match="0 to 9"):
        digits.one_hot(torch.tensor([3, 10]))
    with pytest.raises(UsageError, match="no labels"):
        attributes.one_hot(torch.tensor([0]))
    with pytest.raises(CourseError, match="told labels"):
        digits.of(None, torch.zeros(2, 3))
    with pytest.raises(UsageError, match="has no labels"):
        digits.observe(faces())
    other = Conditions(columns=attributes.columns, names=("smile",))
    with pytest.raises(UsageError, match="other factors than smile"):
        other.check(faces())
    with pytest.raises(UsageError, match="other factors than smile"):
        Conditions(columns=(99,), names=("smile",)).check(faces())
    attributes.check(faces())
    three = Conditions(3, names=("0", "1", "2"))
    with pytest.raises(UsageError, match="labels are 0 to 2 here, and those of digits.* are 0 to 9"):
        three.observe(data.open("digits", resolution=8))


def test_guesses_are_rounded_to_what_the_generator_knows():
    digits, attributes = Conditions.named("labels", DIGITS), Conditions.named("hat, yaw", FACES)
    assert digits.rounded(torch.tensor([[0.1] * 3 + [0.2] + [0.0] * 6])).argmax(1).item() == 3
    assert attributes.rounded(torch.tensor([[0.2, -3.0]])).tolist() == [[1.0, -1.0]]


@pytest.mark.parametrize("joined", ["concatenation", "projection"])
@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_both_players_depend_on_the_condition(joined, norm):
    torch.manual_seed(0)
    players = ConditionalPair(joined=joined, discriminator_norm=norm, **SMALL).build(DIGITS)
    g, d = players["generator"].eval(), players["discriminator"].eval()
    z, y = torch.randn(10, 5), torch.eye(10)
    images = g(torch.cat([z[:1].expand(10, -1), y], 1))
    assert images.shape == (10, 1, 16, 16) and (images - images[:1]).abs().amax((1, 2, 3))[1:].min() > 0
    logits = d(images[:1].expand(10, -1, -1, -1), y)
    assert logits.shape == (10,) and len(logits.unique()) == 10


def test_a_projection_is_linear_in_the_condition():
    """s(x, a y + b y') − s(x, 0) = a (s(x, y) − s(x, 0)) + b (s(x, y') − s(x, 0))."""
    torch.manual_seed(0)
    d = ConditionalPair(joined="projection", **SMALL).build(DIGITS)["discriminator"].eval().double()
    x, zero = torch.randn(1, 1, 16, 16, dtype=torch.float64), torch.zeros(1, 10, dtype=torch.float64)
    one, other = torch.randn(2, 1, 10, dtype=torch.float64)
    rise = lambda y: d(x, y) - d(x, zero)  # noqa: E731
    torch.testing.assert_close(rise(2 * one - 3 * other), 2 * rise(one) - 3 * rise(other))
    maps = d.rest(d.first(x)).sum((2, 3))
    torch.testing.assert_close(rise(one), (maps @ d.embedding.weight * one).sum(1))


def test_small_images_and_odd_ones_are_refused():
    with pytest.raises(ValueError, match="resolution"):
        ConditionalPair().build(DataSpec((1, 8, 8), classes=3))
    with pytest.raises(ValueError, match="resolution"):
        ConditionEncoders().build(DataSpec((1, 24, 24), classes=3))


@pytest.mark.parametrize(
    ("arrangement", "outputs", "told"), [("SNG", [15], 0), ("IND", [5, 10], 0), ("IND-COND", [5, 10], 10)]
)
def test_the_arrangements_have_the_networks_that_their_names_say(arrangement, outputs, told):
    made = ConditionEncoders(arrangement=arrangement, noise=5, encoder_width=4, encoder_hidden=8).build(
        DIGITS
    )
    assert [network.outputs for network in made.values()] == outputs and made["encoder"].told == told
    x, y = torch.randn(3, 1, 16, 16), torch.eye(10)[:3]
    assert made["encoder"](x, y if told else None).shape == (3, outputs[0])
    convolutions = [m for m in made["encoder"].layers if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 2 and convolutions[0].kernel_size == (5, 5)
