import subprocess
import sys

import matplotlib
import pytest

from course_lib.figures import style


@pytest.fixture
def restored():
    with matplotlib.rc_context():
        yield


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_roles_differ_by_more_than_colour():
    roles = ["data", "generator", "discriminator", "theory"]
    for table in (style.COLOURS, style.DARK, style.LINES, style.MARKERS):
        assert list(table) == roles
        assert len({str(value) for value in table.values()}) == 4


def test_lines_stand_out_from_their_card():
    from course_lib.widgets.embed import DARK_THEME, LIGHT_THEME

    for role in style.COLOURS:
        assert contrast(style.COLOURS[role], style.PAPER) >= 3
        assert contrast(DARK_THEME[role], DARK_THEME["paper"]) >= 3
    for theme in (LIGHT_THEME, DARK_THEME):
        assert contrast(theme["ink"], theme["paper"]) >= 7
        assert contrast(theme["muted"], theme["paper"]) >= 4.5


def test_use_gives_an_opaque_card_and_legible_letters(restored, tmp_path):
    style.use()
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], **style.line("data"), label="a")
    figure.savefig(tmp_path / "figure.png")
    plt.close(figure)
    image = plt.imread(tmp_path / "figure.png")
    assert image.shape[1] == round(style.WIDTH * 130)
    assert (image[0, 0, 3], image[..., 3].min()) == (1, 1)
    for key in ("font.size", "axes.labelsize"):
        assert matplotlib.rcParams[key] >= 11


def test_belief_map_is_pale_in_the_middle():
    colours = style.belief_map()([0.0, 0.5, 1.0])[:, :3]
    assert colours[1].min() > 0.97
    # warm for generated, cold for real
    assert colours[0][0] > colours[0][2] and colours[2][2] > colours[2][0]


def test_importing_the_style_does_not_import_matplotlib():
    code = "import sys, course_lib.figures.style; print('matplotlib' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
    )
