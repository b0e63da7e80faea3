"""Browser labs: one self-contained page in a sandboxed frame, so that a cell's output is the lab.

The same output works in JupyterLab, in the built book over http and opened from the disk, without a kernel and
without a request: scripts, style and data are written into the frame's `srcdoc`. The sandbox allows scripts only, so a
lab cannot reach the page around it.
"""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.figures.style import COLOURS, DARK, INK, PAPER, RULE

SCRIPTS = Path(__file__).parent / "js"
BREAKPOINT = 592  # width of the frame in CSS pixels from which labs use two columns

LIGHT_THEME = {
    **COLOURS, "paper": PAPER, "ink": INK, "rule": RULE, "card": "#FFFFFF", "edge": "#8A929C", "muted": "#555D68",
    "tint": "#EEF5F1", "focus": "#B3610A", "real": "#8CC4E6", "fake": "#F3B58A",
}  # fmt: skip
DARK_THEME = {
    **DARK, "paper": "#16191D", "ink": "#E6E9ED", "rule": "#363C44", "card": "#22272D", "edge": "#7D8691",
    "muted": "#A8B0BA", "tint": "#1B2723", "focus": "#F0B429", "real": "#1F577B", "fake": "#7A431C",
}  # fmt: skip


@dataclass(frozen=True)
class Lab:
    """A page in a frame. Notebooks show it by `_repr_html_`; `page` is the whole document, for tests and for saving.

    `height` is (wide, narrow): the frame's height in CSS pixels beside and above each other's columns.
    """

    page: str
    height: tuple[int, int]
    title: str

    def _repr_html_(self) -> str:
        wide, narrow = self.height
        # cqw is a hundredth of the output's width: the product is far below or far above, and clamp() picks an end
        height = f"clamp({wide}px, calc(({BREAKPOINT}px - 100cqw) * 1000), {narrow}px)"
        return (
            f'<div class="lab" style="container-type:inline-size;width:100%">'
            f'<iframe srcdoc="{html.escape(self.page, quote=True)}" title="{html.escape(self.title, quote=True)}" '
            f'sandbox="allow-scripts" loading="lazy" '
            f'style="width:100%;height:{height};border:0;color-scheme:light dark"></iframe></div>'
        )

    def __repr__(self) -> str:
        return f"<lab: {self.title}, {len(self.page) / 1e3:.0f} kB>"


def iframe(body: str, scripts: Sequence[str], data: Any, height: int | tuple[int, int], title: str) -> Lab:
    """Wrap a lab into a frame.

    `scripts` are file names under `widgets/js`, joined in that order into one script; `data` is any JSON value, which
    the scripts find as the constant `DATA`; `body` is HTML with the element that the last script mounts on, and may
    hold a script of its own. `title` names the frame for screen readers.
    """
    # "</" would end the script element even inside a string; JSON and JavaScript read "<\/" as the same text
    blob = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    code = "\n".join(
        (SCRIPTS / name).read_text(encoding="utf8").replace('"use strict";\n', "") for name in scripts
    )
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style_sheet()}</style></head>'
        f'<body><main><h1 class="spoken">{html.escape(title)}</h1>{body}</main>'
        f"<noscript>This figure moves only where JavaScript is allowed.</noscript>"
        f'<script>"use strict";\nconst DATA = {blob};\n{code}</script></body></html>'
    )
    return Lab(page, (height, height) if isinstance(height, int) else height, title)


def style_sheet() -> str:
    """The labs' CSS: both themes as variables, then `page.css`. An enclosing page's choice outranks the system's."""

    def variables(theme: dict[str, str]) -> str:
        return "".join(f"--{name}:{value};" for name, value in theme.items())

    return (
        f":root{{{variables(LIGHT_THEME)}}}"
        f'@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{variables(DARK_THEME)}}}}}'
        f':root[data-theme="dark"]{{{variables(DARK_THEME)}}}\n'
        + (SCRIPTS / "page.css").read_text(encoding="utf8")
    )
