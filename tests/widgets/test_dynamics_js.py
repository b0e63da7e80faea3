import pytest
import torch

from course_lib.theory import dynamics
from course_lib.widgets import labs

SCRIPTS = ["games.js", "dynamics.js"]
STARTS = [(0.6, -1.3), (-2.0, 0.4), (1e-3, 2.5)]


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "wasserstein"])
@pytest.mark.parametrize("remedy", [{}, {"r1": 0.7}, {"noise": 0.9}, {"penalty": 1.5}])
def test_the_field_is_the_theorys(javascript, loss, remedy):
    got = javascript(
        SCRIPTS,
        "return DATA.starts.map(dirac(DATA.loss, DATA.remedy));",
        {"starts": STARTS, "loss": loss, "remedy": remedy},
    )
    known = {name.replace("penalty", "gradient_penalty"): value for name, value in remedy.items()}
    expected = dynamics.dirac(loss, **known)(torch.tensor(STARTS, dtype=torch.float64))
    torch.testing.assert_close(torch.tensor(got, dtype=torch.float64), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("order", ["simultaneous", "alternating", "extragradient"])
@pytest.mark.parametrize("game", ["bilinear", "dirac"])
def test_the_path_is_the_theorys(javascript, order, game):
    field = "bilinear" if game == "bilinear" else 'dirac("non-saturating", { r1: 0.3 })'
    code = f"const path = play({field}, DATA.start, 0.2, 60, DATA.order); return [path, runningMean(path)];"
    got = torch.tensor(javascript(SCRIPTS, code, {"start": STARTS[0], "order": order}), dtype=torch.float64)
    ours = dynamics.bilinear_field if game == "bilinear" else dynamics.dirac("non-saturating", r1=0.3)
    path = dynamics.play(ours, torch.tensor(STARTS[0], dtype=torch.float64), 0.2, 60, order)
    torch.testing.assert_close(got, torch.stack([path, dynamics.running_mean(path)]), rtol=1e-9, atol=1e-12)


def test_a_path_that_has_left_ends(javascript):
    path = javascript(SCRIPTS, 'return play(bilinear, [1, 1], 1, 2000, "simultaneous");')
    assert 50 < len(path) < 100  # √2 a step, up to 1e9


def test_the_offered_names_are_the_scripts_names(javascript):
    names = javascript(
        [*SCRIPTS, "dynamics-lab.js"],
        "return [Object.keys(DYNAMIC_GAMES), ORDERS, Object.keys(DYNAMIC_REMEDIES)];",
    )
    assert names == [list(kind.__args__) for kind in (labs.DynamicGame, labs.Order, labs.Remedy)]
