"""A one-step student on the plane that trains in the page: how wide its clusters become under two teachers."""

from typing import TYPE_CHECKING, Literal

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _one_of, _within

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure

Teacher = Literal["exact", "blurred"]
# standard deviation of the clusters that a teacher takes for the data's
TEACHERS = {"exact": 0.1, "blurred": 0.3}
DATA_STD = 0.1
WEIGHTS = (0, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)  # what the slider offers


def one_step(
    teacher: Teacher = "blurred",
    weight: float = 0,
    *,
    seed: int = 1,
    task: str = "Train, then raise the weight. From which weight on are the clusters nearer to the data's width?",
) -> Lab:
    """Distribution matching on the ring of eight, with the best discriminator at a weight that the reader chooses.

    The formulas are those of `theory.one_step`: the student's law is a mixture, so both gradients are exact. seed: in
    1..20. Raises UsageError for a teacher or a weight that the controls do not offer.
    """
    _one_of("teacher", teacher, Teacher)
    _within("seed", seed, 1, 20)
    if weight not in WEIGHTS:
        raise UsageError(f"weight must be one of {', '.join(map(str, WEIGHTS))}, not {weight:g}.")
    settings = {
        "teachers": TEACHERS, "dataStd": DATA_STD, "teacher": teacher, "weight": weight, "seed": seed, "task": task,
    }  # fmt: skip
    scripts = ("rng.js", *PARTS, "points.js", "plane.js", "one-step.js", "one-step-lab.js")
    return _lab(
        "mountOneStep", scripts, settings, (660, 1130), "A one-step student with the best discriminator"
    )


def live_one_step(steps: int = 50) -> "Widget":
    """The lab's twin, `steps` updates of `theory.one_step.Student` at each press; it needs a running kernel."""
    import ipywidgets

    from course_lib.widgets.live import _png, _screen

    teacher = ipywidgets.Dropdown(options=list(TEACHERS), value="blurred", description="teacher")
    weight = ipywidgets.SelectionSlider(options=WEIGHTS, value=0, description="weight")
    train, restart = ipywidgets.Button(description=f"{steps} steps"), ipywidgets.Button(description="Reset")
    screen, state = _screen(), {"run": StudentRun()}

    def show(count: int = 0) -> None:
        state["run"].advance(count, teacher.value, weight.value)
        screen.value = _png(state["run"].figure(teacher.value))

    def reset(_: object) -> None:
        state["run"] = StudentRun()
        show()

    train.on_click(lambda _: show(steps))
    restart.on_click(reset)
    teacher.observe(lambda _: show(), "value")
    show()
    return ipywidgets.VBox([ipywidgets.HBox([teacher, weight]), ipywidgets.HBox([train, restart]), screen])


class StudentRun:
    """A student on the ring of eight, advanced by hand; history: its width at the start and after each step."""

    def __init__(self, seed: int = 0):
        from course_lib.theory.densities import ring
        from course_lib.theory.one_step import Student

        self.data = ring(std=DATA_STD)
        self.student = Student(self.data, seed)
        self.history = [self.student.std]

    def advance(self, steps: int, teacher: Teacher, weight: float) -> None:
        from course_lib.theory.densities import ring

        law = ring(std=TEACHERS[teacher])
        for _ in range(steps):
            self.student.advance(1, law, weight)
            self.history.append(self.student.std)

    def figure(self, teacher: Teacher, points: int = 200) -> "Figure":
        """Data and samples on the plane; below it the width of the clusters over the steps."""
        import matplotlib.pyplot as plt

        from course_lib import seeds
        from course_lib.figures import curves, plane, style

        figure, (top, bottom) = plt.subplots(2, figsize=(4.6, 6.4), height_ratios=(2.2, 1))
        laws = (self.data, self.student.law())
        plane.scatter(top, *(law.sample(points, seeds.generator(2, purpose="shown")) for law in laws))
        bottom.plot(self.history, **style.line("generator"))
        curves.reference(bottom, DATA_STD, "data")
        curves.reference(bottom, TEACHERS[teacher], "teacher")
        bottom.set(xlabel="step", ylabel="width", ylim=(0, 1))
        reached = f"{self.student.reached()} of {len(self.data.means)} clusters"
        top.set_title(f"step {self.student.steps}: width {self.student.std:.3f}, {reached}")
        return figure
