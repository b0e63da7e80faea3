"""The lab of the transposed convolution: its counts are the library's, and a reader finds an even overlap."""

import pytest

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.theory import convolutions
from course_lib.widgets import overlaps as lab


def test_counts_are_the_librarys(javascript):
    settings = [
        (k, s, p) for k in range(1, 7) for s in range(1, 4) for p in range(k) if s * 5 + k - 2 * p > 0
    ]
    code = "return DATA.settings.map(([k, s, p]) => overlaps(6, k, s, p));"
    found = javascript(["stamps.js"], code, {"settings": settings})
    for (k, s, p), counts in zip(settings, found, strict=True):
        assert counts == convolutions.overlaps(lab.INPUTS, k, s, p).tolist(), (k, s, p)


def test_words(javascript):
    code = "return [[4, 2], [3, 3], [3, 2], [1, 2]].map(([k, s]) => stampsText(k, s));"
    even, once, uneven, holes = javascript(["stamps.js"], code)
    assert even.endswith("reached by 2 inputs.") and once.endswith("reached by 1 input.")
    assert "by 1 or by 2 inputs" in uneven and "by no input" in holes


@pytest.mark.parametrize("wrong", [{"kernel": 7}, {"stride": 0}, {"kernel": 2, "padding": 2}], ids=str)
def test_what_the_sliders_do_not_offer_is_refused(wrong):
    with pytest.raises(UsageError):
        widgets.stamps(**wrong)


def test_a_reader_finds_an_even_overlap(opened):
    made = widgets.stamps()
    page = opened(made.page, 328, 800)

    def greys():
        """Of the inner pixels of the image, from the third to the third last."""
        return set(
            page.evaluate(
                "(() => { const c = document.querySelector('canvas'), n = c.width - 4;"
                " return [...c.getContext('2d').getImageData(2, 2, n, n).data].filter((_, i) => i % 4 === 0); })()"
            )
        )

    assert "Uneven" in page.locator("p.note").inner_text() and len(greys()) == 3
    page.get_by_role("slider").nth(0).fill("4")
    assert "Even" in page.locator("p.note").inner_text() and len(greys()) == 1
    page.get_by_role("slider").nth(2).fill("5")
    assert "only 3 with this kernel" in page.locator("output").nth(2).inner_text()
    assert "become 8 outputs" in page.locator("p.note").inner_text()
    assert page.complaints == [] and page.evaluate("document.documentElement.scrollWidth") <= 328
    assert page.evaluate("document.body.scrollHeight") <= made.height[1]


def test_the_twin_is_the_library():
    figure = lab.stamps_figure(3, 2, 5)
    counts = convolutions.overlaps(lab.INPUTS, 3, 2, 2).tolist()
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == [str(n) for n in counts]
    pytest.importorskip("ipywidgets")
    twin = widgets.live_stamps()
    before = twin.children[-1].value
    twin.children[0].value = 4
    assert twin.children[-1].value != before
