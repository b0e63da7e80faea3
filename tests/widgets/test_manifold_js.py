"""The lab of precision and recall: its formulas are the library's, and its presets fool whom the book says."""

import re

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.evaluation.manifold import density_coverage, precision_recall
from course_lib.widgets.neighbourhoods import Balls, Fakes

SCRIPTS = ["rng.js", "manifold.js", "manifold-lab.js"]
PRESET = """const draws = unitDraws(3);
const real = CLUSTERS.flatMap(([x, y], i) => draws[i].map(([u, v]) => [x + WITHIN * u, y + WITHIN * v]));
const strays = STRAYS.slice(0, DATA.strays);
return fidelity(fakes(DATA.kind, DATA.spread, unitDraws(8), real), [...real, ...strays]);"""


@pytest.mark.parametrize("seed", range(3))
def test_the_four_measures_are_the_librarys(javascript, seed):
    draw = torch.Generator().manual_seed(seed)
    generated = torch.randn(40, 2, generator=draw, dtype=torch.float64) + 0.5 * seed
    real = torch.randn(30, 2, generator=draw, dtype=torch.float64)
    got = javascript(SCRIPTS[1:2], "return fidelity(...DATA);", [generated.tolist(), real.tolist()])
    precision, recall = precision_recall(generated, real)
    density, coverage = density_coverage(generated, real)
    expected = {"precision": precision, "recall": recall, "density": density, "coverage": coverage}
    assert got == pytest.approx(expected, abs=1e-12)


def test_collapse_fools_precision_a_stray_point_too_and_copies_fool_all(javascript):
    def preset(kind, spread=1.0, strays=0):
        return javascript(SCRIPTS, PRESET, {"kind": kind, "spread": spread, "strays": strays})

    collapsed = preset("one cluster", 0.8)
    assert collapsed["precision"] > 0.95 and collapsed["coverage"] < 0.4
    clean, strayed = preset("away from the data", 0.5), preset("away from the data", 0.5, 1)
    assert strayed["precision"] > clean["precision"] + 0.5 and strayed["density"] < 0.5
    copies = preset("copies of the data")
    # a ball of k = 5 holds the copy of its centre, of its four nearest, and of the fifth where that moved inwards
    assert (
        min(copies["precision"], copies["recall"], copies["coverage"]) == 1 and 1 < copies["density"] <= 1.2
    )


def test_the_presets_of_both_languages_have_the_same_names(javascript):
    fakes, balls = javascript(SCRIPTS, "return [FAKES, Object.keys(BALLS)];")
    assert tuple(fakes) == Fakes.__args__ and tuple(balls) == Balls.__args__


def test_the_lab_is_one_frame_without_requests():
    lab = widgets.neighbourhoods()
    assert 'sandbox="allow-scripts"' in lab._repr_html_()
    requests = re.findall(
        r"(?:https?:)?//[a-z][^\s\"')]*", lab.page.replace("http://www.w3.org/2000/svg", "")
    )
    assert requests == []


@pytest.mark.parametrize(
    "wrong",
    [{"spread": 3.5}, {"stray_data": 4}, {"stray_samples": -1}, {"generator": "bad"}, {"balls": "all"}],
    ids=lambda w: next(iter(w)),
)
def test_settings_that_no_control_reaches_are_refused(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} must"):
        widgets.neighbourhoods(**wrong)
