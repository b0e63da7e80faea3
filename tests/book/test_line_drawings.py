"""Figures that a dark page may turn round are told from images, whose light and dark are what they show."""

import colorsys
import io
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from line_drawings import file_is_line_drawing, is_line_drawing
from PIL import Image

from course_lib.figures import style

STYLE = {"figure.facecolor": style.PAPER, "savefig.facecolor": style.PAPER, "axes.facecolor": style.PAPER}


def picture(draw) -> np.ndarray:
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(7, 3))
        draw(axes)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=100)
        plt.close(figure)
    return np.asarray(Image.open(file).convert("RGB"))


def curves(axes):
    x = np.linspace(0, 9, 200)
    for ax in axes:
        ax.plot(x, np.sin(x), label="sine")
        ax.fill_between(x, np.sin(x) - 0.05, np.sin(x) + 0.05, alpha=0.2)
        ax.legend()


def one_small_image(axes):
    curves(axes)
    axes[1].clear()
    axes[1].imshow(np.random.default_rng(0).random((8, 8)), cmap="gray")


def test_curves_and_bands_are_a_drawing():
    assert is_line_drawing(picture(curves))


@pytest.mark.parametrize("draw", [one_small_image, lambda axes: [ax.imshow(np.eye(9)) for ax in axes]])
def test_a_figure_with_an_image_is_none(draw):
    assert not is_line_drawing(picture(draw))


def test_a_picture_without_paper_is_none(tmp_path):
    assert not is_line_drawing(np.zeros((40, 40, 3), np.uint8))
    assert not is_line_drawing(np.full((8, 8, 3), 253, np.uint8))
    Image.new("RGB", (64, 64), style.PAPER).save(tmp_path / "paper.png")
    assert file_is_line_drawing(tmp_path / "paper.png")


def turned(colour: str) -> np.ndarray:
    """A colour after the style sheet's filter, invert(0.92) hue-rotate(180deg), as the CSS standard defines them."""
    light = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    light = 0.92 - 0.84 * light
    weights = np.array([0.213, 0.715, 0.072])
    return np.clip(2 * (weights @ light) - light, 0, 1)


def luminance(colour: np.ndarray) -> float:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("role", style.COLOURS)
def test_a_role_keeps_its_hue_and_stands_out_in_the_dark(role):
    colour, ground = turned(style.COLOURS[role]), turned(style.PAPER)
    assert (luminance(colour) + 0.05) / (luminance(ground) + 0.05) > 4.5
    here = [int(style.COLOURS[role][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    before, after = colorsys.rgb_to_hsv(*here), colorsys.rgb_to_hsv(*colour)
    if before[1] > 0.3:  # of a grey there is no hue
        apart = abs(before[0] - after[0])
        assert min(apart, 1 - apart) < 0.09


@pytest.mark.browser
def test_only_line_drawings_are_turned_and_only_in_the_dark():
    """With the style sheet itself, in the places where a figure may stand."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    sheet = Path(__file__).parents[2] / "book" / "_static" / "course.css"
    figure = '<figure><img data-line-drawing alt=""><img alt=""></figure>'
    page_text = (
        f"<style>{sheet.read_text('utf-8')}</style><article class='bd-article'>{figure}"
        f"<div class='cell'><div class='cell_output'>{figure}<img data-line-drawing alt=''></div></div></article>"
    )
    filters = "() => [...document.querySelectorAll('img')].map((image) => getComputedStyle(image).filter)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content(page_text)
        page.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
        light = page.evaluate(filters)
        page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
        dark = page.evaluate(filters)
        browser.close()
    turned_round, card = "invert(0.92) hue-rotate(180deg)", "brightness(0.84)"
    assert light == ["none"] * 5
    assert dark == [turned_round, card, turned_round, card, turned_round]
