"""What an exercise's notebook calls: `check("game-value", value_on_grid)`, `hint("game-value")`, `progress()`.

`engine` is how a check runs, `chapters` holds the exercises, and `reference` what answers are compared with: right
and wrong ways of doing what is asked. `api` has the parts that authors of exercises and graders need.
"""

from course_lib.checks.engine.assess import require
from course_lib.checks.engine.display import check, hint, progress, show

__all__ = ["check", "hint", "progress", "require", "show"]
