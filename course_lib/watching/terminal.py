"""A run in a terminal: how far it is, its curves in a line each, its last samples."""

import math
import time
from pathlib import Path
from typing import TextIO

from course_lib.training.history import is_gradient_norm
from course_lib.watching.reading import Seen, duration, read

BARS = "▁▂▃▄▅▆▇█"
CLEAR = "\x1b[H\x1b[J"
PLAIN = "\x1b[0m"
MOST_COLUMNS = 64  # of a picture
LEAST = 1e-12  # norm of a gradient that has a logarithm: smaller ones are drawn as this


def watch(name: str, out: TextIO, every: float, *, width: int, pictures: bool, live: bool) -> None:
    """Show a run until it has ended, at a terminal (`live`) in place, elsewhere a line for each new row."""
    told = -1
    while True:
        seen = read(name)
        if live:
            out.write(CLEAR + "\n".join(lines(seen, width, pictures)) + "\n")
        elif seen.step > told:
            out.write(brief(seen) + "\n")
        out.flush()
        told = seen.step
        if seen.finished:
            return
        time.sleep(every)


def brief(seen: Seen) -> str:
    """One line: step, speed, time left, losses."""
    row = seen.rows[-1] if seen.rows else {}
    losses = [f"{n} {v:.4g}" for n, v in row.items() if n.rpartition("/")[2] == "loss"]
    return ", ".join([where(seen), *pace(seen), *losses])


def where(seen: Seen) -> str:
    if seen.kept:
        return f"{seen.name}: trained weights alone, nothing to follow"
    of = "" if seen.steps is None else f" of {seen.steps:,}"
    return f"{seen.name}: step {seen.step:,}{of}" + (", finished" if seen.finished else "")


def pace(seen: Seen) -> list[str]:
    """Speed and time left, where they are known."""
    row, found = seen.rows[-1] if seen.rows else {}, []
    if "examples_per_second" in row:
        found.append(f"{row['examples_per_second']:,.0f} images/s")
    if not seen.finished and (left := seen.seconds_left) is not None:
        found.append(f"{duration(left)} left")
    return found


def lines(seen: Seen, width: int, pictures: bool) -> list[str]:
    """All that there is to see, in lines of at most `width` characters; the picture's have colours in addition."""
    shown = [where(seen)]
    if seen.steps and not seen.kept:
        done = min(seen.step / seen.steps, 1.0)
        size = max(width - 7, 10)
        filled = int(done * size)
        shown.append(f"{'█' * filled}{'░' * (size - filled)} {done:5.0%}")
    told = pace(seen)
    if seen.age is not None and not seen.finished:
        told.append(f"last row {duration(seen.age)} ago")
    if seen.checkpoint is not None:
        told.append(f"checkpoint of step {seen.checkpoint:,}")
    shown += [", ".join(told), ""]
    names = seen.quantities
    labels = {name: f"{name} (log)" if is_gradient_norm(name) else name for name in names}
    column = max(map(len, labels.values()), default=0)
    for name in names:
        values = [value for _, value in seen.curve(name)]
        line = f"{labels[name]:{column}}  {values[-1]:>10.4g}  "
        if is_gradient_norm(name):  # of orders of magnitude, where a plain scale shows the largest alone
            values = [math.log10(max(value, LEAST)) for value in values]
        shown.append(line + spark(values, max(width - len(line), 8)))
    if pictures and seen.pictures:
        step, file = seen.pictures[-1]
        shown += ["", f"samples at step {step:,}", *picture(file, min(width, MOST_COLUMNS))]
    return [line if "\x1b" in line else line[:width] for line in shown]


def spark(values: list[float], width: int) -> str:
    """A curve as a line of bars, from its least value to its largest; each bar is the mean of a part."""
    parts = min(width, len(values))
    means = []
    for part in range(parts):
        inside = values[part * len(values) // parts : (part + 1) * len(values) // parts]
        means.append(math.fsum(inside) / len(inside))
    low, high = min(means, default=0.0), max(means, default=0.0)
    if not high > low:
        return BARS[0] * parts
    return "".join(BARS[min(int((m - low) / (high - low) * len(BARS)), len(BARS) - 1)] for m in means)


def picture(file: Path, columns: int) -> list[str]:
    """An image in colours, two pixels in each character. Empty while the file is being written, or is damaged."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            rows = max(round(image.height / image.width * columns / 2), 1)
            small = image.convert("RGB").resize((columns, 2 * rows), Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError):  # what Pillow says of half a file
        return []
    pixels = small.load()
    assert pixels is not None, "an image that was resized is loaded"
    made = []
    for row in range(rows):
        above, below = ([pixels[x, 2 * row + half] for x in range(columns)] for half in (0, 1))
        cells = [
            f"\x1b[38;2;{a[0]};{a[1]};{a[2]}m\x1b[48;2;{b[0]};{b[1]};{b[2]}m▀"
            for a, b in zip(above, below, strict=True)
        ]
        made.append("".join(cells) + PLAIN)
    return made
