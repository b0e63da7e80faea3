"""Notebooks are executed side by side, one to a core: a second thread in one takes the core of another."""

import json
import re


def test_no_page_asks_for_more_than_one_thread(project):
    asked = {}
    for path in sorted((project / "book").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        asked[path.name] = re.findall(r"set_num_threads\((.+?)\)", code)
    assert any(asked.values())
    assert all(numbers in ([], ["1"]) for numbers in asked.values()), asked
