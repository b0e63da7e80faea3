import numpy as np
import pytest
import torch

from course_lib import widgets
from course_lib.objectives.adversarial import GAMES

LOGITS = [-40.0, -3.0, -0.5, 0.0, 0.7, 3.0, 12.0]
CODE = """const [game, v] = DATA; const { real, fake, generator } = GAMES[game];
return [real, fake, generator].map((s) => [v.map(s.loss), v.map(s.slope)]);"""


@pytest.mark.parametrize("game", ["non-saturating", "minimax", "maximum-likelihood", "least-squares"])
def test_losses_and_slopes_are_the_librarys(javascript, game):
    real, fake, generator = javascript(["games.js"], CODE, [game, LOGITS])
    ours = GAMES[game]
    nothing = torch.zeros(1, dtype=torch.float64)
    for index, number in enumerate(LOGITS):
        for theirs, loss in (
            (real, lambda v: ours.discriminator_loss(v, nothing) - ours.discriminator_loss(nothing, nothing)),
            (fake, lambda v: ours.discriminator_loss(nothing, v) - ours.discriminator_loss(nothing, nothing)),
            (generator, ours.generator_loss),
        ):
            v = torch.tensor([number], dtype=torch.float64, requires_grad=True)
            value = loss(v)
            (slope,) = torch.autograd.grad(value, v)
            # a discriminator's loss adds two sides: compare one of them relative to its value at logit 0
            zero = theirs[0][LOGITS.index(0.0)] if theirs is not generator else 0.0
            np.testing.assert_allclose(theirs[0][index] - zero, value.item(), rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(theirs[1][index], slope.item(), rtol=1e-10, atol=1e-17)


def test_the_fixed_point_is_the_discriminators_loss_when_it_cannot_tell(javascript):
    code = """return Object.values(GAMES).map(({ real, fake, fixedPoint }) => {
      const logits = Array.from({ length: 4001 }, (_, i) => i / 1000 - 2);
      const best = Math.min(...logits.map((v) => real.loss(v) + fake.loss(v)));
      return [best, fixedPoint]; });"""
    for best, fixed_point in javascript(["games.js"], code):
        assert best == pytest.approx(fixed_point, abs=1e-9)


@pytest.mark.browser
def test_a_table_that_scrolls_is_reached_by_the_keyboard_and_one_that_fits_is_no_stop(opened):
    page = opened(widgets.costs().page, 460, 800)
    table = page.locator("table")

    def is_stop():
        scrolls = table.evaluate("t => t.scrollWidth > t.clientWidth")
        assert table.evaluate("t => t.tabIndex === 0") == scrolls
        return scrolls

    assert not is_stop()
    # numbers that grow while nothing else changes
    page.evaluate("""() => {
      const cell = document.querySelector("td:last-child");
      cell.textContent = "1".repeat(80);
    }""")
    assert is_stop()
    page.set_viewport_size({"width": 300, "height": 800})
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert is_stop()
    assert page.complaints == []
