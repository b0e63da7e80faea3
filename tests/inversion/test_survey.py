"""The survey's table: whole, and every module that it names is there."""

from importlib.util import find_spec

from course_lib.inversion import survey


def test_every_method_has_a_type_and_every_named_module_exists():
    methods = survey.methods()
    assert len(methods) == 29 and {m.type for m in methods} == set(survey.TYPES)
    assert len({m.method for m in methods}) == 29
    named = {m.module for m in methods if m.module}
    assert len(named) >= 7
    for module in named:
        assert find_spec(f"course_lib.inversion.{module}"), module


def test_markdown_has_a_line_a_method():
    lines = survey.markdown().splitlines()
    assert len(lines) == 31 and {line.count("|") for line in lines} == {10}
    assert any("**PTI**" in line and "routes.tuned" in line for line in lines)
