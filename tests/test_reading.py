"""Minutes of reading, counted in a notebook."""

import pytest

from course_lib import reading


def cell(kind, *lines, tags=(), **metadata):
    source = [f"{line}\n" for line in lines]
    return {"cell_type": kind, "metadata": {"tags": list(tags), **metadata}, "source": source}


def test_words_formulas_and_seen_code_count_and_folded_ones_do_not():
    words = cell("markdown", "one " * 130)
    assert reading.count([words]).minutes == pytest.approx(1)
    formula = cell("markdown", "$$", "a + b = c", "$$ (eq-x)")
    assert reading.count([formula]).minutes == pytest.approx(0.5)
    seen, unseen = cell("code", *["x = 1"] * 15), cell("code", *["x = 1"] * 15, tags=["hide-input"])
    assert reading.count([seen, unseen]).minutes == pytest.approx(1)
    assert reading.count([cell("markdown", "```python", *["x"] * 15, "```")]).minutes == pytest.approx(1)
    folded = cell("markdown", "````{admonition} More", ":class: dropdown", "word " * 500, "````")
    assert reading.count([folded]).minutes == 0


@pytest.mark.parametrize(
    "begin", ["```{prf:proof}", "```{admonition} Proof", "```{admonition} Proof: by water"]
)
@pytest.mark.parametrize("folded", [True, False])
def test_a_proof_is_read_at_half_speed_and_listed_also_where_it_is_folded(begin, folded):
    fold = [":class: dropdown"] * folded
    proof = cell("markdown", begin, *fold, "word " * 65, "```", "after " * 130)
    counted = reading.count([proof])
    assert counted.proofs == (reading.Proof(65, 0, folded),)
    assert counted.minutes == pytest.approx(2)


def test_a_box_that_only_speaks_of_proofs_is_no_proof():
    box = cell("markdown", "```{admonition} Proofs of the others", ":class: dropdown", "word " * 65, "```")
    assert reading.count([box]) == reading.Counted(0.0, ())


def test_a_figure_counts_with_its_caption():
    figure = {"figure": {"name": "fig", "caption": "word " * 65}}
    drawn = cell("code", "plt.plot()", tags=["hide-input"], mystnb=figure)
    assert reading.count([drawn]).minutes == pytest.approx(1)
