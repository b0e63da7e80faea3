"""Steps of one player alone, where their gradients go, and what stands beside what on a telephone."""

import numpy as np
import pytest

from course_lib import widgets

SCRIPTS = ["rng.js", "mlp.js", "games.js", "points.js", "gan2d.js"]
MAKE = """const make = (game) => new Gan2d({ data: "ring of eight", game, generatorRate: 1e-3,
  discriminatorRate: 1e-3, discriminatorSteps: 1, seed: 1 });
const weights = (net) => net.layers.flatMap((l) => [...l.weight.value, ...l.bias.value]);
"""
PHONE = {"width": 328, "height": 700}
MOVED = {
    "gan2d": widgets.gan2d,
    "dynamics": widgets.dynamics,
    "game1d": widgets.game1d,
    "costs": widgets.costs,
    "conjugate": widgets.conjugate,
    "transport": widgets.transport,
    "frechet": widgets.frechet,
    "channel": widgets.channel,
    "neighbourhoods": widgets.neighbourhoods,
}


@pytest.mark.parametrize("game", ["non-saturating", "minimax", "least-squares"])
def test_lengths_of_gradients_are_those_of_finite_differences(javascript, game):
    """A step's lengths, against differences of its loss in weights (along the gradient) and in samples."""
    code = (
        MAKE
        + f"""const gan = make({game!r}); const n = gan.batch;
      const {{ generator: side, real, fake }} = GAMES[gan.game];
      const replay = (seed) => {{ gan.random = makeRandom(seed); }};
      const shift = (net, direction, h) => {{ let k = 0;
        for (const l of net.layers) for (const p of [l.weight, l.bias])
          for (let j = 0; j < p.value.length; j++) p.value[j] += h * direction[k++]; }};
      const lossOf = (player) => {{ replay(5);
        if (player === "generator") {{
          const v = gan.discriminator.forward(gan.sample(n), n);
          return v.reduce((s, t) => s + side.loss(t) / n, 0); }}
        const x = new Float64Array(4 * n);
        x.set(DATA_SETS[gan.data].sample(gan.random, n)); x.set(gan.sample(n), 2 * n);
        return gan.discriminator.forward(x, 2 * n).reduce((s, t, i) => s + (i < n ? real : fake).loss(t) / n, 0); }};
      return ["generator", "discriminator"].map((player) => {{
        const net = gan[player]; let gradient = null;
        const update = net.update; net.update = () => {{ // keep the gradient instead of a step
          gradient = net.layers.flatMap((l) => [...l.weight.gradient, ...l.bias.gradient]);
          net.layers.forEach((l) => {{ l.weight.gradient.fill(0); l.bias.gradient.fill(0); }}); }};
        replay(5); gan[player + "Step"]({{ watch: true }}); net.update = update;
        const told = gan.flow.weights, h = 1e-6, unit = gradient.map((g) => g / told);
        shift(net, unit, h); const up = lossOf(player); shift(net, unit, -2 * h); const down = lossOf(player);
        shift(net, unit, h);
        return [told, (up - down) / (2 * h)]; }});"""
    )
    for told, measured in javascript(SCRIPTS, code):
        assert told > 1e-3
        np.testing.assert_allclose(told, measured, rtol=1e-4)


def test_a_step_of_one_player_leaves_the_other_as_it_is(javascript):
    code = (
        MAKE
        + """const gan = make("minimax");
      const both = () => [weights(gan.generator), weights(gan.discriminator)];
      const same = (a, b) => a.every((v, i) => v === b[i]);
      return ["discriminatorStep", "generatorStep"].map((step) => {
        const [g, d] = both(); gan[step]({ watch: true }); const [after, judged] = both();
        return [same(g, after), same(d, judged), gan.flow.player]; });"""
    )
    assert javascript(SCRIPTS, code) == [[True, False, "discriminator"], [False, True, "generator"]]


def test_the_mean_pull_is_that_of_the_step(javascript):
    code = (
        MAKE
        + """const gan = make("non-saturating"); gan.random = makeRandom(3); const x = gan.sample(gan.batch);
      const pull = gan.pull(x, gan.batch); let mean = 0;
      for (let i = 0; i < gan.batch; i++) mean += Math.hypot(pull[2 * i], pull[2 * i + 1]) / gan.batch;
      gan.random = makeRandom(3); gan.generatorStep({ watch: true });
      return [mean, gan.flow.samples];"""
    )
    mean, told = javascript(SCRIPTS, code)
    assert told == pytest.approx(mean, rel=1e-9)


@pytest.fixture
def opened(browser):
    pages = []

    def open_lab(lab, viewport=PHONE):
        page = browser.new_page(viewport=viewport)
        pages.append(page)
        page.set_content(lab.page)
        return page

    yield open_lab
    for page in pages:
        page.close()


def test_buttons_step_one_player_and_show_its_gradient(opened):
    page = opened(widgets.gan2d())
    assert "No step" in page.get_attribute("svg.flow", "aria-label")
    page.click("text=Step of D")
    assert "G stays" in page.get_attribute("svg.flow", "aria-label")
    assert page.inner_text(".readings dd") == "0"  # a step of D alone is no iteration
    page.click("text=Step of G")
    assert "through D, which stays" in page.get_attribute("svg.flow", "aria-label")
    assert page.inner_text(".readings dd") == "1"
    page.click("text=One of each")
    assert "No step" in page.get_attribute("svg.flow", "aria-label")
    assert page.inner_text(".readings dd") == "2"


def test_slow_motion_takes_turns_as_the_ratio_says(opened):
    page = opened(widgets.gan2d(discriminator_steps=2))
    page.clock.install(time=0)
    # else the machine's own time flows on between two looks, and a busy one skips a turn
    page.clock.pause_at(1_000)
    page.check("label:has-text('slow motion') input")
    page.click("button.primary")
    seen = []
    for _ in range(6):
        page.clock.run_for(800)
        seen.append(page.inner_text("p.note")[8:9])
    assert "".join(seen) in ("DDGDDG", "DGDDGD", "GDDGDD")


def test_single_steps_of_two_numbers_move_one_of_them(opened):
    page = opened(widgets.dynamics(game="xy", start=(1.0, 0.5), rate=0.2))

    def places():
        found = dict(zip(page.locator(".caption").all_inner_texts(), range(99), strict=False))
        return [float(text.split("\n")[-1].replace("−", "-")) for text in found if "start" in text]

    assert places() == [1.0, 0.5]
    page.click("text=Step of x")  # x - 0.2 y
    assert places() == [0.9, 0.5]
    page.click("text=Step of y")  # y + 0.2 x, of the new x
    across, up = places()
    assert across == 0.9 and up == pytest.approx(0.68, abs=0.03)
    page.select_option("select", "Dirac-GAN, minimax")
    assert page.is_visible("text=Step of G")


@pytest.mark.parametrize("name", MOVED)
def test_on_a_telephone_a_slider_stands_with_its_plot(opened, name):
    lab = MOVED[name]()
    page = opened(lab)
    slider, above, below = page.evaluate("""() => {
      const box = (e) => e.getBoundingClientRect();
      const slider = box(document.querySelector('#lab input[type=range]'));
      const main = document.querySelector('#lab .main'), small = '#lab .buttons, #lab .check, #lab .legend';
      const between = [...document.querySelectorAll(small)].map(box).filter((b) => b.bottom <= slider.top);
      const rows = between.reduce((sum, b) => sum + b.height, 0);
      const next = [...document.querySelectorAll('#lab svg[role=img]')].map(box).filter((p) => p.top >= slider.bottom);
      return [slider.bottom, main && slider.top - box(main).bottom - rows, next[0].top - slider.bottom];
    }""")
    # a plot that comes first has its sliders below it; otherwise the sliders stand above the first plot
    assert (above < 110) if above is not None else (below < 290 and slider < 200)
    assert slider < 720  # within one screen
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("document.body.scrollHeight") <= lab.height[1]
