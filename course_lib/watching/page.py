"""One page of a run, with everything in it: no other file, no network, no program."""

import base64
import html
import io
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.evaluation.table import shown, table
from course_lib.files import TENSORS, sha256
from course_lib.training.history import is_gradient_norm
from course_lib.version import __version__
from course_lib.watching.reading import Seen, command, duration, settings

MOST_PICTURES = 12
COLUMNS = 3  # of curves

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; }
section { overflow-x: auto; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #8A929C; border-radius: 4px; }
.curves svg { max-width: 100%; height: auto; background: #FDFDFB; border-radius: 4px; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }
.samples img { width: 100%; image-rendering: pixelated; } figure { margin: 0; }
.changed { font-weight: 600; }
"""


def page(
    seen: Seen, measures: Mapping[str, Any] | None = None, environment: Mapping[str, Any] | None = None
) -> str:
    """HTML of a run: summary, measures with interval and floor, curves, samples, settings, how to resume and to cite.

    measures: what `report.measure` returned; environment: of its last checkpoint.
    """
    title = html.escape(f"Run {seen.name}")
    parts = [
        ("Summary", _summary(seen, environment or {})),
        ("Measures", _measures(seen, measures)),
        ("Curves", _curves(seen)),
        ("Samples over time", _samples(seen)),
        ("Settings", _settings(seen)),
        ("To go on with it", _resume(seen)),
        ("To cite it", _cite(seen)),
    ]
    body = "\n".join(f"<section><h2>{heading}</h2>\n{content}\n</section>" for heading, content in parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _rows(rows: Sequence[tuple[str, Any]]) -> str:
    """A table of names and values."""
    cells = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>'
        for name, value in rows
    )
    return f"<table>{cells}</table>"


def _summary(seen: Seen, environment: Mapping[str, Any]) -> str:
    config, last = seen.config, seen.rows[-1] if seen.rows else {}
    of = "" if seen.steps is None else f" of {seen.steps:,}"
    told: list[tuple[str, Any]] = [("recipe", config.get("recipe", "none: a script made this run"))]
    told += [(name, config[name]) for name in ("tier", "version") if name in config]
    told.append(("data", config.get("data", {}).get("data", "–")))
    if seen.rows or seen.checkpoint:
        told.append(("steps", f"{seen.step:,}{of}"))
    if "seconds" in last:
        told.append(("trained for", duration(last["seconds"])))
    if "examples_per_second" in last:
        told.append(("speed", f"{last['examples_per_second']:,.0f} examples a second"))
    told += [(name.replace("_", " "), value) for name, value in environment.items()]
    if origin := config.get("imported", {}).get("origin"):
        told += [(f"imported {name}", value) for name, value in origin.items()]
    return _rows(told)


def _measures(seen: Seen, measures: Mapping[str, Any] | None) -> str:
    if not measures:
        line = shlex.join(["course", "evaluate", seen.name, "--json", "measures.json"])
        again = shlex.join(["course", "report", seen.name, "--measures", "measures.json"])
        both = html.escape(f"{line}\n{again}")
        return f"<p>Not measured yet. Do so, and make this page again:</p><pre>{both}</pre>"
    return f"<pre>{html.escape(table(dict(measures), seen.name))}</pre>"


def _curves(seen: Seen) -> str:
    names = seen.quantities
    if not names:
        return "<p>It wrote no metrics, or they do not lie here.</p>"
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    from course_lib.figures import style

    style.use()
    rows = -(-len(names) // COLUMNS)
    drawn, axes = plt.subplots(rows, COLUMNS, figsize=(11, 2.5 * rows), squeeze=False, layout="constrained")
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    for name, ax in zip(names, axes.flat, strict=False):
        steps, values = zip(*seen.curve(name), strict=True)
        ax.plot(steps, values, color=style.COLOURS["theory"], linewidth=1.4)
        if is_gradient_norm(name) and max(values) > 0:
            ax.set_yscale("log")
        ax.set(xlabel="step", title=name)
    buffer = io.StringIO()
    drawn.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(drawn)
    svg = buffer.getvalue()
    last = ", ".join(f"{name} {shown(float(seen.curve(name)[-1][1]))}" for name in names)
    label = html.escape(f"Curves over steps; at the end: {last}")
    return (
        f'<div class="curves" role="img" aria-label="{label}">{svg[svg.index("<svg") :]}</div><p>{label}.</p>'
    )


def _samples(seen: Seen) -> str:
    if not seen.pictures:
        return "<p>It drew no samples, or they do not lie here.</p>"
    count = len(seen.pictures)
    picked = dict.fromkeys(
        round(j * (count - 1) / max(min(count, MOST_PICTURES) - 1, 1))
        for j in range(min(count, MOST_PICTURES))
    )
    figures = []
    for step, file in (seen.pictures[j] for j in picked):
        data = base64.b64encode(file.read_bytes()).decode()
        words = f"Samples at step {step:,}"
        figures.append(
            f'<figure><img src="data:image/png;base64,{data}" alt="{words}"><figcaption>{words}</figcaption></figure>'
        )
    return f'<div class="samples">{"".join(figures)}</div>'


def _settings(seen: Seen) -> str:
    rows = []
    for group, name, value, usual in settings(seen.config):
        changed = value != usual
        note = f"recipe: {usual}" if changed else ""
        cells = "".join(f"<td>{html.escape(str(one))}</td>" for one in (group, name, value, note))
        rows.append(f"<tr{' class=changed' if changed else ''}>{cells}</tr>")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("group", "setting", "value", "changed from"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _resume(seen: Seen) -> str:
    words = command(seen.name, seen.config)
    if not words:
        return (
            "<p>No command of the course trained it, so none goes on with it; its folder has the weights.</p>"
        )
    return (
        f"<p>The same command resumes it from its last checkpoint; more <code>--steps</code> make it longer.</p>"
        f"<pre>{html.escape(shlex.join(words))}</pre>"
    )


def _cite(seen: Seen) -> str:
    folder = seen.folder / "weights"
    if not folder.is_dir() and seen.checkpoint is not None:
        folder = seen.folder / "checkpoints" / str(seen.checkpoint)
    weights = sha256(folder / TENSORS) if (folder / TENSORS).exists() else "none yet"
    bibtex = (
        "@software{course,\n  author = {{The course authors}},\n"
        "  title = {Generative Adversarial Networks: A Course You Can Run},\n"
        f"  version = {{{__version__}}}\n}}"
    )
    said = json.dumps({k: v for k, v in seen.config.items() if k != "checksum"}, indent=2)
    return (
        f"<p>The course, its version, and the weights by their checksum (SHA-256):</p>"
        f"<pre>{html.escape(bibtex)}\n\nweights of {html.escape(seen.name)}: {weights}</pre>"
        f"<details><summary>The whole configuration</summary><pre>{html.escape(said)}</pre></details>"
    )
