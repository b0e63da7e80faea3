"""The errors that a user of the course can meet."""


class CourseError(Exception):
    """One sentence that says what is wrong and what to do about it.

    The command line prints it to standard error, without a traceback, and exits with `exit_code`.
    """

    exit_code = 1
    said = False  # by another process, so that this one ends without a word


class UsageError(CourseError):
    """A command or a call that cannot be meant as it stands (an unknown name, a setting out of range)."""

    exit_code = 2


class Elsewhere(CourseError):
    """Another process of the same run has said what is wrong; this one ends with it and says nothing."""

    said = True

    @classmethod
    def after(cls, error: CourseError) -> "Elsewhere":
        """With the exit code of that error."""
        silent = cls(str(error))
        silent.exit_code = error.exit_code
        return silent
