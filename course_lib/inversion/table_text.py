"""The table of reconstructions as a person reads it, and as JSON, beside what the paper printed."""

import math
from typing import Any

from course_lib.inversion.table import COLUMNS, PAPERS_MNIST, SPLITS, Row, Scoring, Search, quartiles

# printed in the paper, in the order of COLUMNS: (train, test) above the line, then below it
PAPER: dict[tuple[str, int], dict[str, tuple[float, ...]]] = {
    ("mnist", 32): {
        "PCA": (20.6, 20.3), "VAE": (26.2, 25.7, 25.3, 25.0), "DCGAN": (26.9, 27.2, 25.8, 26.2),
        "GLO": (27.0, 27.2, 26.2, 26.2),
    },
    ("svhn", 32): {
        "PCA": (30.2, 30.3), "VAE": (27.9, 27.8, 24.5, 24.5), "DCGAN": (30.2, 30.1, 26.0, 26.0),
        "GLO": (30.7, 30.7, 27.9, 28.0),
    },
    ("celeba", 64): {
        "PCA": (25.1, 25.1), "VAE": (25.0, 24.9, 22.8, 22.8), "DCGAN": (25.0, 25.0, 21.9, 21.9),
        "GLO": (27.7, 27.7, 25.5, 25.6),
    },
    ("celeba", 128): {
        "PCA": (23.6, 23.6), "VAE": (26.2, 25.0, 23.4, 23.2), "DCGAN": (23.5, 23.5, 21.3, 21.3),
        "GLO": (26.4, 26.4, 24.7, 24.8),
    },
    ("lsun/bedroom", 64): {
        "PCA": (23.6, 23.7), "VAE": (23.8, 23.8, 22.1, 22.1), "DCGAN": (21.8, 21.9, 19.0, 19.1),
        "GLO": (24.8, 24.9, 23.3, 23.4),
    },
    ("lsun/bedroom", 128): {
        "PCA": (21.9, 22.0), "VAE": (22.1, 22.1, 20.6, 20.6), "DCGAN": (20.8, 20.9, 18.7, 18.7),
        "GLO": (22.0, 22.1, 21.4, 21.4),
    },
}  # fmt: skip


SCORED = {"clamped": "reconstructions clamped to it", "unclamped": "reconstructions not clamped"}


def paper_of(data: str, resolution: int) -> dict[str, tuple[float, ...]]:
    """What the paper printed for a set, or for a part or another resize of it; nothing for sets that it has not."""
    return PAPER.get((data.partition(":")[0], resolution), {})


def to_json(
    rows: list[Row],
    data: str,
    resolution: int,
    search: Search,
    per_image: bool = True,
    scoring: Scoring = "clamped",
) -> dict[str, Any]:
    """The table as plain values, each image's pSNR to a hundredth of a decibel included (for histograms)."""
    out = []
    for row in rows:
        columns = {}
        for column, values in row.psnr.items():
            value, interval = row.estimate(column)
            columns[column] = {"psnr": value, "interval": list(interval), "images": len(values)}
            columns[column] |= {"quartiles": quartiles(values)}
            if per_image:
                columns[column]["per_image"] = [round(v, 2) for v in values.tolist()]
        out.append({"name": row.name, "run": row.run, "latent": row.latent, "columns": columns})
    paper = paper_of(data, resolution)
    return {
        "data": data,
        "resolution": resolution,
        "convention": f"images in [0, 1], {SCORED[scoring]}, MAX = 1, mean of each image's pSNR in dB",
        "search": {
            "steps": search.steps,
            "rate": search.rate,
            "restarts": search.restarts,
            "pool": search.pool,
        },
        "rows": out,
        "paper": {name: dict(zip(COLUMNS, values, strict=False)) for name, values in paper.items()},
    }


def as_text(rows: list[Row], data: str, resolution: int, scoring: Scoring = "clamped") -> str:
    """The table as text: a line a model, a column a split and a loss; in brackets what the paper has.

    scoring: that of the rows, which is said below the table.
    """
    paper = paper_of(data, resolution)
    head = ("pSNR in dB", "codes", "train, MSE", "test, MSE", "train, Lap1", "test, Lap1")
    lines = [head]
    for row in rows:
        cells = [row.name, str(row.latent)]
        printed = dict(zip(COLUMNS, paper.get(row.name, ()), strict=False))
        for column in COLUMNS:
            if column not in row.psnr:
                cells.append("")
                continue
            value, (low, high) = row.estimate(column)
            theirs = f" [{printed[column]}]" if column in printed else ""
            half = max(value - low, high - value)
            cells.append(f"{value:.1f} ± {half:.1f}{theirs}" if math.isfinite(value) else f"{value}")
        lines.append(tuple(cells))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = [
        "   ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    text.insert(1, "-" * len(text[0]))
    n = {column: len(values) for row in rows for column, values in row.psnr.items()}
    counts = " and ".join(f"{n[f'{split}/mse']:,} {split}" for split in SPLITS)
    note = [
        "",
        f"{data} at {resolution} pixels: {counts} images, evenly spaced in their sets; had chance chosen them, ± would",
        f"hold the mean of the whole set in 95 % of cases. Images in [0, 1], {SCORED[scoring]}, MAX = 1, mean of each",
        "image's pSNR. Codes found anew for both splits.",
    ]
    if data == PAPERS_MNIST:
        note.append(
            "In brackets: Bojanowski et al. (2018), Table 1, on the same images, as their row PCA tells."
        )
    elif paper:
        note.append(
            "In brackets: Bojanowski et al. (2018), Table 1, on their own split (1/32 of the images for tests)."
        )
        if data.partition(":")[0] == "mnist":
            note.append(
                f"Their digits were enlarged bilinearly: name the data {PAPERS_MNIST} to have the same."
            )
    return "\n".join([*text, *note])
