"""The lab of the game on clusters: its steps are the library's, and a reader keeps all eight clusters."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory import cluster_game
from course_lib.widgets import cluster_games

SCRIPTS = ["rng.js", "games.js", "cluster-game.js"]


def started(batch, seed=0):
    game = cluster_game.ClusterGame(seed, batch)
    noise = torch.Generator().manual_seed(seed)
    game.a, game.b = (torch.randn(n, generator=noise, dtype=torch.float64) for n in (8, batch))
    return game


@pytest.mark.parametrize(("batch", "ahead"), [(1, 0), (1, 3), (2, 1), (8, 0), (16, 2)])
def test_steps_are_the_librarys(javascript, batch, ahead):
    game = started(batch)
    given = {
        "start": game.shares.log().tolist(), "a": game.a.tolist(), "b": game.b.tolist(), "batch": batch, "ahead": ahead,
    }  # fmt: skip
    code = (
        "const game = new ClusterGame({ batch: DATA.batch, start: DATA.start });"
        "game.cluster = DATA.a; game.companion = DATA.b;"
        "for (let i = 0; i < 5; i++) game.step({ ratio: 2, ahead: DATA.ahead });"
        "return [game.shares, game.cluster, game.companion, game.value, game.covered];"
    )
    shares, a, b, value, covered = javascript(SCRIPTS, code, given)
    for _ in range(5):
        game.step(2, ahead)
    for found, expected in ((shares, game.shares), (a, game.a), (b, game.b)):
        torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), expected, rtol=1e-9, atol=1e-11)
    assert value == pytest.approx(cluster_game.value(game.shares, game.a, game.b).item())
    assert covered == game.covered


def test_js_and_verdicts(javascript):
    code = (
        "const game = new ClusterGame({ batch: 1, start: [50, 0, 0, 0, 0, 0, 0, 0] }); const start = game.js;"
        "game.cluster = [-3, 0, 0, 0, 0, 0, 0, 2];"
        "return [start, new ClusterGame({ start: Array(8).fill(0) }).js, game.verdicts];"
    )
    collapsed, even, verdicts = javascript(SCRIPTS, code)
    p, q = torch.full((8,), 0.125), torch.eye(8)[0]
    m = (p + q) / 2
    expected = ((p * (p / m).log()).sum() + (q[0] / m[0]).log()) / 2
    assert collapsed == pytest.approx(expected.item(), rel=1e-6) and even == pytest.approx(0, abs=1e-15)
    assert verdicts[0] == pytest.approx(torch.tensor(-3.0).sigmoid().item()) and verdicts[1] == 0.5


def test_settings_and_words_are_those_of_the_library(javascript):
    code = (
        "const game = new ClusterGame({}); const before = clusterGameText(game, 0, false); game.step();"
        "return [CLUSTER_GAME, before, clusterGameText(game, 1, true)];"
    )
    settings, before, after = javascript([*SCRIPTS, "cluster-game-lab.js"], code)
    assert settings == {
        "clusters": cluster_game.CLUSTERS,
        "rates": {
            "cluster": cluster_game.CLUSTER_RATE,
            "companions": cluster_game.COMPANIONS_RATE,
            "shares": cluster_game.SHARES_RATE,
        },
        "spread": cluster_game.SPREAD,
        "covered": cluster_game.COVERED,
    }
    assert before.startswith("Press Train")
    assert "After 1 step G covers 8 of 8" in after and "moved once" in after and "stands still" in after


@pytest.mark.parametrize("wrong", [{"ratio": 3}, {"batch": 32}, {"ahead": 6}, {"seed": 0}], ids=str)
def test_what_the_controls_do_not_offer_is_refused(wrong):
    with pytest.raises(UsageError):
        widgets.cluster_game(**wrong)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_keeps_all_eight_on_a_telephone(opened, scheme):
    lab = widgets.cluster_game()
    html = lab.page.replace("mountClusterGame(document", "window.lab = mountClusterGame(document")
    page = opened(html, height=700, color_scheme=scheme)

    def covered():
        return page.evaluate("lab.game.covered")

    page.evaluate("lab.advance(600)")
    assert covered() < 4 and "After 600 steps" in page.locator("p.note[role=status]").inner_text()
    page.get_by_role("slider").nth(1).fill("3")
    page.evaluate("lab.advance(600)")
    assert covered() == 8
    page.get_by_role("slider").nth(1).fill("0")
    page.get_by_role("slider").nth(2).fill("1")
    page.get_by_role("button", name="Collapse G").click()
    assert covered() == 1
    page.evaluate("lab.advance(300)")
    assert covered() == 8
    page.get_by_role("slider").nth(2).fill("0")
    page.evaluate("lab.advance(20)")
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("checkbox").check()
    assert covered() == 8 and page.evaluate("lab.game.steps") == 0
    page.get_by_role("button", name="One step").click()
    assert page.evaluate("lab.game.steps") == 1 and page.evaluate("lab.game.cluster.every((v) => v === 0)")
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("lab.game.steps > 3")
    page.get_by_role("button", name="Pause").click()
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= lab.height[1]


def test_the_twin_is_the_library():
    pytest.importorskip("ipywidgets")
    run = cluster_games.ClusterRun()
    run.advance(3, 1)
    assert run.game.steps == 3 and len(run.history) == 4
    assert "step 3: 8 of 8" in run.figure().axes[0].get_title()
    twin = widgets.live_cluster_game(2)
    before = twin.children[-1].value
    twin.children[1].children[1].click()
    assert twin.children[-1].value != before
    twin.children[1].children[2].click()
    assert twin.children[-1].value == before
