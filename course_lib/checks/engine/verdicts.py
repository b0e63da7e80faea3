"""How a checker ends: with one of the exercise's own mistakes, or with one of the engine's."""

from typing import Any, NoReturn

from course_lib.checks.engine.exercise import Exercise

NOT_BEGUN = "Nothing to check yet: write your answer in the cell above, run it, and run this cell again."


class Wrong(Exception):
    """An answer has failed, and this is the diagnosis and what the student is told."""

    def __init__(self, diagnosis: str, message: str):
        super().__init__(message)
        self.diagnosis, self.message = diagnosis, message


class Verdicts:
    """Of one exercise."""

    def __init__(self, exercise: Exercise):
        self.exercise = exercise

    def fail(self, diagnosis: str, **numbers: Any) -> NoReturn:
        """Stop with one of the exercise's own mistakes; `numbers` fill the braces of its sentence."""
        sentence = self.exercise.mistakes[diagnosis]
        raise Wrong(diagnosis, sentence.format(**numbers) if numbers else sentence)

    def expect(self, holds: Any, diagnosis: str, **numbers: Any) -> None:
        """Stop with that mistake unless `holds`."""
        if not bool(holds):
            self.fail(diagnosis, **numbers)
