"""The directive `self-test`: a chapter's five questions, answered by opening a choice.

The questions of `book/02-non-saturating` are in `book/self-tests/02-non-saturating.yaml`: a list of questions, each
with choices, each with the reason why it is right or wrong. A choice is a closed block whose summary is its text: it
works with a keyboard, without a script and offline. All questions of the book are also written as cards that Anki
imports, `_static/self-tests.txt`.
"""

import hashlib
import html
import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

FOLDER = "self-tests"
CARDS = "self-tests.txt"
RIGHT, WRONG = "Right.", "Not quite."


class Malformed(ValueError):
    """A file of questions that cannot be shown: the message says where and what."""


def read(path: Path) -> list[dict]:
    """The questions of one chapter: [{"question", "choices": [{"text", "why", "right"}]}].

    Choices come in an order drawn from their words, so that a file may name the right one first.

    Raises Malformed unless every question has at least two choices, one of them right, each with a reason.
    """
    # every value is text: without this loader the answer "no" would be False
    questions = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    if not isinstance(questions, list) or not questions:
        raise Malformed(f"{path.name} holds no list of questions")
    for number, question in enumerate(questions, 1):
        where = f"{path.name}, question {number}"
        if not isinstance(question, dict) or set(question) != {"question", "choices"}:
            raise Malformed(f"{where}: needs the keys question and choices, and no others")
        for choice in question["choices"]:
            if not set(choice) <= {"text", "why", "right"} or not choice.get("text") or not choice.get("why"):
                raise Malformed(f"{where}: every choice has a text, a reason (why), and perhaps right: true")
            choice["text"], choice["why"] = choice["text"].strip(), choice["why"].strip()
            choice["right"] = choice.get("right") == "true"
        if len(question["choices"]) < 2 or sum(choice["right"] for choice in question["choices"]) != 1:
            raise Malformed(f"{where}: needs two choices or more, exactly one of them right")
        question["question"] = question["question"].strip()
        question["choices"].sort(key=lambda choice: _order(question["question"], choice["text"]))
    return questions


def _order(question: str, choice: str) -> str:
    return hashlib.sha256(f"{question}|{choice}".encode()).hexdigest()


class SelfTestChoice(nodes.General, nodes.Element):
    """One choice: its first child is the summary, the rest the reason."""


class SelfTestSummary(nodes.General, nodes.TextElement):
    """The text of a choice, always visible."""


class SelfTest(SphinxDirective):
    """Shows the questions of the page that it stands in."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "book" / FOLDER / f"{Path(self.env.docname).name}.yaml"
        self.env.note_dependency(str(path))
        try:
            questions = read(path)
        except (OSError, yaml.YAMLError, Malformed) as error:
            raise self.error(f"self-test: {error}") from error
        listing = nodes.enumerated_list(classes=["self-test"], enumtype="arabic", suffix=".", prefix="")
        for question in questions:
            item = nodes.list_item()
            item += self._parsed(question["question"], path)
            for number, choice in enumerate(question["choices"]):
                shown = SelfTestChoice(right=choice["right"], letter="abcdefgh"[number])
                summary = SelfTestSummary()
                for paragraph in self._parsed(choice["text"], path):
                    summary += paragraph.children
                shown += summary
                reason = self._parsed(choice["why"], path)
                reason[0].insert(0, nodes.strong(text=RIGHT if choice["right"] else WRONG))
                reason[0].insert(1, nodes.Text(" "))
                shown += reason
                item += shown
            listing += item
        return [listing]

    def _parsed(self, text: str, path: Path) -> list[nodes.Node]:
        holder = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), source=str(path)), self.content_offset, holder)
        return holder.children


def visit_choice(translator, node) -> None:
    verdict = "right" if node["right"] else "wrong"
    translator.body.append(f'<details class="self-test-choice {verdict}">')


def depart_choice(translator, node) -> None:
    translator.body.append("</details>\n")


def visit_summary(translator, node) -> None:
    translator.body.append(f'<summary><span class="letter">{node.parent["letter"]}</span> <span>')


def depart_summary(translator, node) -> None:
    translator.body.append("</span></summary>\n")


def card(question: dict, chapter: str) -> str:
    r"""One line for Anki: the question with its choices, the answer with all reasons, and a tag, parted by tabs.

    Formulas become \( … \), which Anki's MathJax reads.
    """
    choices = [(letter, choice) for letter, choice in zip("abcdefgh", question["choices"], strict=False)]
    front = _field(question["question"]) + "".join(
        f"<br>{letter}) {_field(choice['text'])}" for letter, choice in choices
    )
    answer = next(letter for letter, choice in choices if choice["right"])
    back = f"<b>{answer}</b>" + "".join(
        f"<br>{letter}) {_field(choice['why'])}" for letter, choice in choices
    )
    return f"{front}\t{back}\t{chapter}"


def _field(text: str) -> str:
    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"\$([^$]+)\$", r"\\(\1\\)", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"\*([^*]+)\*", r"<i>\1</i>", text)


def cards(folder: Path) -> str:
    """All questions of a folder as a text that Anki imports."""
    lines = ["#separator:tab", "#html:true", "#tags column:3"]
    for path in sorted(folder.glob("*.yaml")):
        lines += [card(question, path.stem) for question in read(path)]
    return "\n".join(lines) + "\n"


def write_cards(app, error) -> None:
    if error or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / CARDS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(cards(Path(app.srcdir) / "book" / FOLDER), encoding="utf-8")


def link_cards(app, doctree: nodes.document) -> None:
    """Let links to the cards lead there; the file is not among the sources, where links are looked up."""
    up = "../" * app.env.docname.count("/")
    for link in list(doctree.findall(addnodes.pending_xref)):
        if link.get("reftarget", "").endswith(f"_static/{CARDS}"):
            address = f"{up}_static/{CARDS}"
            link.replace_self(nodes.reference("", "", *link.children, internal=True, refuri=address))


def setup(app) -> dict:
    app.add_directive("self-test", SelfTest)
    app.add_node(SelfTestChoice, html=(visit_choice, depart_choice), singlehtml=(visit_choice, depart_choice))
    app.add_node(
        SelfTestSummary, html=(visit_summary, depart_summary), singlehtml=(visit_summary, depart_summary)
    )
    app.connect("doctree-read", link_cards)
    app.connect("build-finished", write_cards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
