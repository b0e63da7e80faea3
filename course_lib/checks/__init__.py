"""What an exercise's notebook calls: `check("game-value", value_on_grid)`, `hint("game-value")`, `progress()`.

One module for each chapter (`game` is Chapter 1) holds its exercises; `kit` shows the parts they are made of.
"""

from course_lib.checks.assessing import require
from course_lib.checks.showing import check, hint, progress

__all__ = ["check", "hint", "progress", "require"]
