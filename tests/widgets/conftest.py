"""Runs the labs' scripts in node, joined as a page joins them, and opens labs in Chromium."""

import json
import shutil
import subprocess

import pytest
from chromium import launched

from course_lib.widgets.embed import SCRIPTS


@pytest.fixture(scope="session")
def javascript():
    """javascript(scripts, code, data): run `code`, which returns a JSON value, after the scripts; `DATA` holds data."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the labs' scripts are not checked")

    def run(scripts, code, data=None):
        source = "\n".join((SCRIPTS / name).read_text("utf-8") for name in scripts)
        program = (
            f"const DATA = {json.dumps(data)};\n{source}\nconsole.log(JSON.stringify((() => {{{code}}})()));"
        )
        done = subprocess.run([node, "-"], input=program, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def browser():
    with launched() as chromium:
        yield chromium


@pytest.fixture
def opened(browser):
    """opened(html, width, height): a page that shows it, whose `complaints` are the errors that its scripts had."""
    pages = []

    def show(html, width=328, height=800, **options):
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.set_content(html)
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.close()
