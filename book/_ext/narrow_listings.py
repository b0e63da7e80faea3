"""Code of the library that a page shows is as narrow as the page's own code, whatever the width in the library's files.

A cell shows it by `Code(inspect.getsource(...))`. Here it becomes a block of code of the page, with its colours and its
button to copy, 72 columns wide: ruff breaks the code, what stands here wraps comments and docstrings. Only white
space in docstrings and the places of comments change: the syntax tree says so, and where it differs, or the text is
no whole piece of Python, it is shown as it was.
"""

import ast
import io
import re
import subprocess
import textwrap
import tokenize
from collections.abc import Iterator
from functools import cache

from docutils import nodes

COLUMNS = 72
LISTING = "library-code"  # class of such a block
SHORTEST = 24  # columns of a comment that stands far to the right
FULL = 98  # columns: a line of words that the next word would carry beyond was broken off for its width
WORDS_WHOLE = {"break_long_words": False, "break_on_hyphens": False}
DEFINITION = re.compile(r"( *)(@|def\b|async def\b|class\b)")
METHOD = re.compile(r" *(?:@|(?:async )?def \w+\((?:self|cls)\b)")
FOR_TOOLS = re.compile(r"# (?:fmt|noqa|type):")
# the style sheet that comes with every output of IPython's Code
OF_CODE = re.compile(r"<style>.*\.output_html", re.DOTALL)


def narrow(source: str, columns: int = COLUMNS) -> str:
    """The same code in lines of at most `columns`, as far as words and literals are not longer."""
    return "\n".join(narrow_piece(piece, columns) for piece in pieces(source))


def pieces(source: str) -> list[str]:
    """What a page shows one below the other, functions and methods; a class or a function keeps what is in it."""
    found: list[list[str]] = [[]]
    # of the piece that is being read: how far it stands to the right, and whether it is a class
    depth, inside = 0, False
    for line in source.strip("\n").split("\n"):
        start = DEFINITION.match(line)
        if start and (not found[-1] or not found[-1][-1].strip()):
            right = len(start[1])
            if found[-1] and (right <= depth or (METHOD.match(line) and not inside)):
                found.append([])
            if not found[-1]:
                depth, inside = right, False
        if start and start[2] == "class" and len(start[1]) == depth:
            inside = True
        found[-1].append(line)
    return ["\n".join(lines) for lines in found]


def narrow_piece(source: str, columns: int) -> str:
    source = textwrap.dedent(source).strip("\n") + "\n"
    try:
        tree = meaning(source)
        done = wrap(format_code(hoist(source, columns), columns), columns)
        same = meaning(done) == tree
    except (SyntaxError, tokenize.TokenError):
        return source
    return done if same else source


def meaning(source: str) -> str:
    """The syntax tree as text, docstrings without their line breaks. Raises SyntaxError."""
    tree = ast.parse(source)
    for text in docstrings(tree):
        text.value = " ".join(text.value.split())
    return ast.dump(tree)


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = node.body[0]
        value = first.value if isinstance(first, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value


def comments(source: str) -> Iterator[tuple[int, int, str]]:
    """(line, column, text) of each comment, lines counted from 0."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0] - 1, token.start[1], token.string


def hoist(source: str, columns: int) -> str:
    """A comment at the end of a line that is too wide moves to a line of its own, above; marks for tools go."""
    lines = source.split("\n")
    for number, column, text in reversed(list(comments(source))):
        code = lines[number][:column].rstrip()
        if FOR_TOOLS.match(text):
            lines[number] = code
        elif code and len(lines[number]) > columns:
            indent = code[: len(code) - len(code.lstrip())]
            lines[number : number + 1] = [indent + text, code]
    return "\n".join(lines)


@cache
def _ruff() -> str | None:
    try:
        from ruff import find_ruff_bin

        return find_ruff_bin()
    except (ImportError, FileNotFoundError):
        return None


def format_code(source: str, columns: int) -> str:
    """Code broken by ruff at `columns`; as it is where ruff is not installed."""
    if _ruff() is None:
        return source
    command = [_ruff(), "format", "--isolated", "--quiet", "--line-length", str(columns), "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, encoding="utf-8")
    return source if done.returncode else done.stdout


def wrap(source: str, columns: int) -> str:
    """Comments and docstrings wrapped at `columns`."""
    lines = source.split("\n")
    spans = [(text.lineno - 1, text.end_lineno or text.lineno) for text in docstrings(ast.parse(source))]
    starts = {row: "" for span in spans for row in range(*span)}
    starts |= {row: "# " for row, column, _ in comments(source) if not lines[row][:column].strip()}
    of_one_line = {first for first, end in spans if end == first + 1}

    def parts(row: int) -> tuple[str, str]:
        """What stands before the words of a line, and the words."""
        start = lines[row][: len(lines[row]) - len(lines[row].lstrip())] + starts[row]
        return start, lines[row][len(start) :]

    def goes_on(row: int) -> bool:
        """Whether the words of a line were broken off for its width alone."""
        following = row + 1 in starts and parts(row + 1)[1].split()
        if not following or parts(row)[0] != parts(row + 1)[0]:
            return False
        return len(lines[row]) + 1 + len(following[0]) > FULL

    done: list[str] = []
    row = 0
    while row < len(lines):
        if len(lines[row]) <= columns or row not in starts:
            done.append(lines[row])
            row += 1
            continue
        start, text = parts(row)
        quotes = text[-3:] if row in of_one_line else ""
        text = text.removesuffix(quotes)
        while goes_on(row):
            row += 1
            text += " " + parts(row)[1]
        room = max(columns - len(start), SHORTEST)
        done += [start + part for part in textwrap.wrap(text, room, **WORDS_WHOLE)]
        if quotes:  # on a line of their own, below words of several lines
            done.append(start + quotes)
        row += 1
    return "\n".join(done)


def listing(bundle: nodes.Element) -> str | None:
    """The code that an output of a cell shows, None where it shows something else."""
    kinds = {each.get("mime_type"): each for each in bundle.children if isinstance(each, nodes.Element)}
    if not {"text/html", "text/plain"} <= kinds.keys() or not OF_CODE.match(kinds["text/html"].astext()):
        return None
    return kinds["text/plain"].astext()


def show(app, document: nodes.document) -> None:
    """Put a narrow block in the place of every listing of a page."""
    for bundle in document.findall(nodes.container):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        source = listing(bundle)
        if source is None:
            continue
        shown = narrow(source)
        # the time to read it is that of the lines that somebody wrote: `reading_time`
        written = len(source.strip().splitlines())
        block = nodes.literal_block(shown, shown, language="python", classes=[LISTING], written=written)
        bundle.children = []
        bundle += nodes.container("", block, mime_type="text/html")


def setup(app) -> dict:
    # before the time of a page is counted
    app.connect("doctree-read", show, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
