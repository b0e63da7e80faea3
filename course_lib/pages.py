"""The pages of the book that are notebooks: which there are, and which one is meant."""

from pathlib import Path

from course_lib.errors import CourseError, UsageError


def of_book(project: Path) -> list[str]:
    """The pages that are notebooks, in the book's order, as _toc.yml names them ("book/09-glo").

    Raises CourseError where what renders the book is not installed.
    """
    try:
        from sphinx_external_toc.parsing import parse_toc_yaml
    except ImportError:
        raise CourseError(
            "pages need what renders the book: install it with `pip install -e '.[book]'`."
        ) from None
    names = parse_toc_yaml(project / "_toc.yml")
    return [name for name in names if (project / f"{name}.ipynb").exists()]


def find(project: Path, beginning: str) -> str:
    """The page whose file's name is `beginning`, or the only one whose name begins so ("04", "errata"). "12" is chapter
    12, though 12b begins so too.

    Raises UsageError, with the names there are, when there is none or more than one.
    """
    there = {name.removeprefix("book/"): name for name in of_book(project)}
    found = [beginning] if beginning in there else [name for name in there if name.startswith(beginning)]
    if (
        beginning.isdigit()
        and len(whole := [name for name in found if name.startswith(f"{beginning}-")]) == 1
    ):
        found = whole
    if len(found) != 1 or not beginning:
        said = f"several pages begin with '{beginning}'" if found else f"no page begins with '{beginning}'"
        raise UsageError(f"{said}: give the beginning of one of {', '.join(found or there)}.")
    return there[found[0]]
