import pytest

from course_lib.errors import UsageError
from course_lib.figures.tables import Table


def test_a_table_has_its_cells_and_escapes_them():
    page = Table(("name", "modes"), [("a < b", 8), ("c", 7)])._repr_html_()
    assert page.count("<tr>") == 3 and "<th>modes</th>" in page
    assert "<td>a &lt; b</td><td>8</td>" in page
    assert repr(Table(("name",), [("c",)])) == "name\nc"


def test_a_number_and_its_error_stay_together():
    page = Table(("size", "dB"), [("8 × 8", "17.4 ± 0.2 (17 to 18)")])._repr_html_()
    assert "<td>8&nbsp;×&nbsp;8</td><td>17.4&nbsp;±&nbsp;0.2 (17&nbsp;to&nbsp;18)</td>" in page


def test_a_row_that_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="header of 2"):
        Table(("name", "modes"), [("a",)])
