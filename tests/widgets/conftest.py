"""Runs the labs' scripts in node, joined as a page joins them, and opens labs in Chromium."""

import json
import shutil
import subprocess

import pytest

from course_lib.widgets.embed import SCRIPTS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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
        done = subprocess.run([node, "-"], input=program, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
