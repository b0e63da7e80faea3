"""Buttons that open a notebook elsewhere are off until one setting names a repository."""

from pathlib import Path
from types import SimpleNamespace

import launch_buttons
import pytest
import yaml
from sphinx.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[2]
ADDRESS = "https://github.com/somebody/course"


def switched(address):
    config = SimpleNamespace(
        course_launch=address, course_launch_branch="main", html_theme_options={"path_to_docs": "."}
    )
    launch_buttons.switch(None, config)
    return config.html_theme_options


def test_they_are_off_in_the_book_as_it_comes():
    settings = yaml.safe_load((PROJECT / "_config.yml").read_text("utf-8"))
    assert settings["sphinx"]["config"]["course_launch"] == ""
    assert "launch_buttons" in settings["sphinx"]["config"]["extensions"]
    assert switched("") == {"path_to_docs": "."}


def test_an_address_switches_them_on():
    options = switched(f"{ADDRESS}/")
    assert options["repository_url"] == ADDRESS and options["path_to_docs"] == "."
    assert {"binderhub_url", "colab_url"} < options["launch_buttons"].keys()
    assert "colab_url" not in switched("https://gitlab.com/somebody/course")["launch_buttons"]


@pytest.mark.parametrize(
    "wrong", ["yes", "github.com/a/b", "https://github.com/a", "https://example.org/a/b"]
)
def test_what_is_no_repository_is_said(wrong):
    with pytest.raises(ConfigError, match="course_launch"):
        switched(wrong)
