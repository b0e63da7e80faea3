"""A library of generative adversarial networks to learn from and to train with.

Nothing heavy is imported here: torch arrives with the first name that needs it.
"""

from course_lib.version import __version__ as __version__


def __getattr__(name: str):
    if name == "load":
        from course_lib.recipes import load

        return load
    raise AttributeError(f"module 'course_lib' has no attribute '{name}'")
