"""With this in the folder of an nbgrader course, its starters are those of `course exercises build`, cell by cell.

`course exercises release --nbgrader DIR` puts it there, beside the masters.
"""

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

STUB = 'raise NotImplementedError("your turn")'


class ClearSolutionsOfTheCourse(ClearSolutions):
    """An answer that is a value, at the left margin, leaves its `name = ...` and no `raise` to stop a "run all"."""

    def preprocess_cell(self, cell, resources, index):
        made = super().preprocess_cell(cell, resources, index)
        cell = made[0]
        if cell.cell_type == "code" and cell.source != STUB:
            lines = [x for x in cell.source.split("\n") if x != STUB]
            cell.source = "\n".join(lines).rstrip("\n")
        return made


c = get_config()  # noqa: F821  (nbgrader gives it to this file)
c.CourseDirectory.course_id = "gan"
c.ClearSolutions.code_stub = {"python": STUB}
c.ClearSolutions.text_stub = "*Your answer here.*"
steps = GenerateAssignment.class_traits()["preprocessors"].default()
c.GenerateAssignment.preprocessors = [
    ClearSolutionsOfTheCourse if step is ClearSolutions else step
    for step in steps
]
