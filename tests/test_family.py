"""The map of the family: whole, in order, and every file, recipe and source that it names is there."""

import re
from importlib.util import find_spec

import pytest

from course_lib import recipes
from course_lib.errors import CourseError
from course_lib.recipes import family

EVERYONE = family.members()


def test_members_are_in_the_order_of_their_years_and_change_something():
    assert [m.year for m in EVERYONE] == sorted(m.year for m in EVERYONE)
    assert len({m.member for m in EVERYONE}) == len(EVERYONE) >= 20
    assert [m.member for m in EVERYONE if not m.changes] == ["GAN"]
    assert {aspect for m in EVERYONE for aspect in m.changes} == set(family.ASPECTS)


@pytest.mark.parametrize("member", EVERYONE, ids=lambda m: m.member)
def test_what_a_line_names_is_there(member, project):
    assert find_spec(f"course_lib.{member.module}")
    recipes.find(member.recipe)
    assert f"{{{member.key}," in (project / "references.bib").read_text("utf-8")
    config = (project / "_config.yml").read_text("utf-8")
    planned = re.search(rf'^ +"?{re.escape(member.chapter)}"?: ', config, re.M)
    assert planned or (project / "book" / f"{member.page}.ipynb").exists()


def test_the_recipe_of_a_method_is_trained_by_that_method():
    for m in EVERYONE:
        if m.module.startswith("methods."):
            assert recipes.find(m.recipe).method.__module__ == f"course_lib.{m.module}", m.member


def test_what_two_members_have_in_common():
    found = {m.member for m in family.changing("objective", "data")}
    assert found == {"CycleGAN", "perceptual adversarial network"}


def test_the_table_links_to_the_pages_that_there_are():
    lines = family.markdown(["08-family"]).splitlines()
    assert len(lines) == len(EVERYONE) + 2 and {line.count("|") for line in lines} == {6}
    assert any("[8](08-family.ipynb)" in line and "`bigan-digits`" in line for line in lines)
    assert any(line.endswith("| 12 |") for line in lines)


def test_an_unknown_aspect_is_named(tmp_path, monkeypatch):
    file = tmp_path / "family.csv"
    file.write_text("member,year,key,changes,idea,module,recipe,page\nX,2020,x,colour,i,m,r,01-p\n")
    monkeypatch.setattr(family, "FILE", file)
    with pytest.raises(CourseError, match="colour"):
        family.members()


def test_the_map_can_be_read_on_a_telephone():
    import matplotlib.pyplot as plt

    from course_lib.figures import style

    with plt.rc_context():
        style.use()
        figure, ax = plt.subplots(figsize=family.SIZE)
        family.draw(ax, ["08-family"])
        figure.canvas.draw()
    names = ax.get_yticklabels()
    years = [text for text in ax.texts if text.get_text()]
    assert [name.get_text() for name in names] == [m.member for m in EVERYONE]
    assert [year.get_text() for year in years] == [str(y) for y in sorted({m.year for m in EVERYONE})]
    inch = 360 / family.SIZE[0]  # CSS pixels, where the figure is as wide as a telephone
    for text in (*names, *years, *ax.get_xticklabels()):
        assert text.get_fontsize() / 72 * inch >= 11
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y1 <= figure.bbox.height
    longest = min(name.get_window_extent().x0 for name in names)
    assert max(year.get_window_extent().x1 for year in years) < longest
    heights = [name.get_window_extent() for name in names]
    assert all(above.y0 >= below.y1 for above, below in zip(heights, heights[1:], strict=False))
    plt.close(figure)
