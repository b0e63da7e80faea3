"""The reference of the library: no module is left out, and a docstring says there what it says in the code."""

import api_reference


def test_the_pages_are_those_of_the_modules_that_there_are(project):
    """`python book/_ext/api_reference.py` writes them again."""
    for name, text in api_reference.pages().items():
        assert (project / "book" / "api" / name).read_text("utf-8") == text, name
    toc = (project / "_toc.yml").read_text("utf-8")
    assert all(f"book/api/{name.removesuffix('.md')}" in toc for name in api_reference.pages())


def test_markup_in_a_docstring_is_taken_literally():
    assert (
        api_reference.literal("|x - g|² of *all* `z_i` and a_b") == r"\|x - g\|² of \*all\* ``z_i`` and a\_b"
    )


def test_what_arguments_are_becomes_a_list_and_paragraphs_are_joined():
    lines = [
        "The sum",
        "of two.",
        "",
        "width: feature maps,",
        "    doubled. slope: of what",
        "norm: none",
        "",
        "    x = 1",
    ]
    text = "\n".join(api_reference.restructured(lines))
    assert "The sum of two." in text and "- **norm**: none" in text
    assert "- **width**: feature maps, doubled. slope: of what" in text and "::\n\n    x = 1" in text


def test_a_field_is_said_to_be_what_stands_beside_or_above_it():
    source = """
@dataclass
class Settings:
    width: int = 4  # feature maps
    # two lines
    # of words
    slope: float = 0.2
    bare: int = 1
    latent: int  # of z

    def __post_init__(self):
        # no field
        x: int = 3
"""
    assert api_reference.fields(source) == [
        "- **width** (default ``4``): feature maps",
        "- **slope** (default ``0.2``): two lines of words",
        "- **latent**: of z",
    ]
