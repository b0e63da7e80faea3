"""How long a page takes to read, counted in its notebook before it is rendered; the page itself says it more exactly.

`book/_ext/reading_time.py` counts the same in the finished page, with figures and text that running it adds.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

WORDS_A_MINUTE = 130
FORMULA, FIGURE, CODE_LINE = 0.5, 0.5, 4 / 60  # minutes
UNSEEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
_FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})(?:\{(?P<name>[\w:-]+)\}(?P<title>.*)|(?P<language>\w+))?\s*$")
_DISPLAY = re.compile(r"\$\$.*?\$\$(?: \([\w-]+\))?", re.S)
_ROLE = re.compile(r"\{[\w:]+\}`[^`]*`")


class Proof(NamedTuple):
    """Words and displayed formulas of a proof, and whether it is folded until a reader opens it."""

    words: int
    formulas: int
    folded: bool = False

    @property
    def minutes(self) -> float:
        """Of reading, at half speed."""
        return 2 * self.words / WORDS_A_MINUTE + FORMULA * self.formulas


class Counted(NamedTuple):
    """Minutes of reading, and the proofs in their order."""

    minutes: float
    proofs: tuple[Proof, ...]


def count(cells: Iterable[Mapping[str, Any]]) -> Counted:
    """What a notebook's cells take to read: words at 130 a minute and those of proofs at half that speed, half a
    minute for a displayed formula and for a figure with a caption, four seconds for a line of code that is seen."""
    minutes, proofs = 0.0, []
    for cell in cells:
        source, metadata = "".join(cell["source"]), cell["metadata"]
        if cell["cell_type"] == "code":
            if not UNSEEN & set(metadata.get("tags", ())):
                minutes += CODE_LINE * len(source.splitlines())
            figure = metadata.get("mystnb", {}).get("figure", {})
            minutes += FIGURE * bool(figure) + _words(figure.get("caption", "")) / WORDS_A_MINUTE
            continue
        text, code, held = _parts(source)
        plain = _DISPLAY.sub(" ", text)
        minutes += _words(plain) / WORDS_A_MINUTE + FORMULA * len(_DISPLAY.findall(text)) + CODE_LINE * code
        found = [
            Proof(_words(_DISPLAY.sub(" ", proof)), len(_DISPLAY.findall(proof)), folded)
            for proof, folded in held
        ]
        minutes += sum(proof.minutes for proof in found)
        proofs += found
    return Counted(minutes, tuple(proofs))


def _words(text: str) -> int:
    return len(re.sub(r"\$[^$]+\$", "x", _ROLE.sub("word", text)).split())


def _parts(source: str) -> tuple[str, int, list[tuple[str, bool]]]:
    """The text outside of proofs, the lines of code, and the texts of proofs, each with whether it is folded; other
    things that are folded at first are left out. A proof is `{prf:proof}`, or an admonition whose title begins so."""
    text: list[str] = []
    proofs: list[list[str]] = []
    hidden: list[bool] = []
    code = 0
    open_: list[tuple[str, str, bool]] = []  # fence, what it holds, whether it is folded
    for line in source.splitlines():
        fence = _FENCE.match(line)
        if fence and open_ and not fence["name"] and not fence["language"] and fence["fence"] == open_[-1][0]:
            open_.pop()
        elif fence and (fence["name"] or fence["language"]):
            titled = fence["name"] == "admonition" and fence["title"].split(":")[0].strip() == "Proof"
            open_.append((fence["fence"], "prf:proof" if titled else fence["name"] or "code", False))
            if open_[-1][1] == "prf:proof":
                proofs.append([])
                hidden.append(False)
        elif re.match(r"^:\w+:", line) and open_:
            if "dropdown" in line or "toggle" in line:
                open_[-1] = (*open_[-1][:2], True)
                if open_[-1][1] == "prf:proof":
                    hidden[-1] = True
        elif any(kind == "code" for _, kind, _ in open_):
            code += 1
        elif any(kind == "prf:proof" for _, kind, _ in open_):
            proofs[-1].append(line)  # folded or not: the reader of a proof opens it
        elif not any(folded for *_, folded in open_):
            text.append(line)
    return (
        "\n".join(text),
        code,
        [("\n".join(proof), folded) for proof, folded in zip(proofs, hidden, strict=True)],
    )
