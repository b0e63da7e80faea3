"""The lab of the one-step student: its gradients are the library's, and a reader mends a blurred teacher."""

import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory import one_step
from course_lib.theory.densities import ring
from course_lib.widgets import students

SCRIPTS = ["rng.js", "points.js", "one-step.js"]


def draws(count=64):
    draw = torch.Generator().manual_seed(0)
    cluster = torch.randint(8, (count,), generator=draw)
    normal, noise = torch.randn(2, count, 2, generator=draw, dtype=torch.float64)
    sigma = torch.rand(count, generator=draw, dtype=torch.float64) * 3 + 0.05
    return cluster, normal, sigma, noise


@pytest.mark.parametrize("weight", [0, 0.3])
def test_gradients_are_the_librarys(javascript, weight):
    cluster, normal, sigma, noise = draws()
    names = ("cluster", "normal", "sigma", "noise")
    rows = zip(*(values.tolist() for values in (cluster, normal, sigma, noise)), strict=True)
    code = (
        "const data = { means: ring, std: 0.1 };"
        "const found = studentGradients(new OneStepStudent(data, 1), DATA.draws, { means: ring, std: 0.3 }, data,"
        " DATA.weight); return [found.means, found.logStd];"
    )
    given = {"draws": [dict(zip(names, row, strict=True)) for row in rows], "weight": weight}
    means, log_std = javascript(SCRIPTS, code, given)
    student = one_step.Student(ring(std=0.1))
    expected = student.gradients(cluster, normal, sigma, noise, ring(std=0.3), weight)
    torch.testing.assert_close(torch.tensor(means, dtype=torch.float64), expected[0], rtol=1e-6, atol=1e-8)
    assert log_std == pytest.approx(expected[1].item(), rel=1e-6)


def test_settings_are_those_of_the_library(javascript):
    code = "return [ONE_STEP, ONE_STEP_WEIGHTS, oneStepText(9, 0.25, 0.3, 0.1)];"
    settings, weights, text = javascript([*SCRIPTS, "one-step-lab.js"], code)
    assert settings == {
        "levels": list(one_step.LEVELS),
        "batch": one_step.BATCH,
        "rate": one_step.RATE,
        "betas": list(one_step.BETAS),
        "start": list(one_step.START),
        "near": 0.4,
    }
    assert weights == list(students.WEIGHTS) and "After 9 steps the clusters are 0.25 wide" in text


@pytest.mark.parametrize("wrong", [{"teacher": "other"}, {"weight": 0.2}, {"seed": 0}], ids=str)
def test_what_the_controls_do_not_offer_is_refused(wrong):
    with pytest.raises(UsageError):
        widgets.one_step(**wrong)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_mends_a_blurred_teacher_on_a_telephone(opened, scheme):
    lab = widgets.one_step()
    html = lab.page.replace("mountOneStep(document", "window.lab = mountOneStep(document")
    page = opened(html, 328, 700, color_scheme=scheme)

    def width():
        return page.evaluate("lab.student.std")

    page.evaluate("lab.advance(200)")
    assert width() == pytest.approx(0.3, abs=0.02)
    page.get_by_role("slider").fill(str(len(students.WEIGHTS) - 2))
    page.evaluate("lab.advance(200)")
    assert width() < 0.16 and page.evaluate("lab.student.reached") == 8
    assert "After 400 steps" in page.locator("p.note").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert width() == pytest.approx(one_step.START[1], abs=1e-9)
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("lab.student.steps > 2")
    page.get_by_role("button", name="Pause").click()
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= lab.height[1]


def test_the_twin_is_the_library():
    pytest.importorskip("ipywidgets")
    run = students.StudentRun()
    run.advance(3, "blurred", 0.1)
    assert run.student.steps == 3 and len(run.history) == 4
    assert run.history[0] == pytest.approx(one_step.START[1])
    figure = run.figure("blurred")
    assert "step 3" in figure.axes[0].get_title()
    twin = widgets.live_one_step(2)
    before = twin.children[-1].value
    twin.children[1].children[0].click()
    assert twin.children[-1].value != before
    twin.children[1].children[1].click()
    assert twin.children[-1].value == before
