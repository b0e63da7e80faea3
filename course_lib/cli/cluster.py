"""`course cluster`: pictures in clusters, by the codes that a projection network gives them."""

import argparse
from pathlib import Path
from typing import Any

from course_lib import notices
from course_lib.cli.parser import Commands
from course_lib.errors import UsageError

MOST = 20_000  # pictures: time and memory grow with their square
FEW = 2_000  # of a data set, where nothing else is asked for


def add(commands: Commands) -> None:
    cluster = commands.command(
        "cluster", run_cluster, "put pictures into clusters by their codes (Ward's linkage)"
    )
    cluster.add_argument("of", metavar="RUN", help="a run of a projection recipe, or a name from the zoo")
    cluster.add_argument("folder", nargs="?", metavar="FOLDER", help="a folder or a zip of pictures")
    cluster.add_argument("--data", metavar="NAME", help="a data set instead of a folder")
    cluster.add_argument(
        "--split", help="of it: train or test (default: all of a folder or a zip, train of a data set)"
    )
    cluster.add_argument(
        "--first",
        type=int,
        metavar="N",
        help="only so many pictures (default: all of a folder or a zip, 2000 of a data set)",
    )
    cluster.add_argument("--clusters", type=int, default=20, metavar="N", help="default: 20")
    cluster.add_argument("--by", choices=["codes", "pixels"], default="codes", help="default: codes")
    cluster.add_argument(
        "--out", type=Path, default=Path("clusters.png"), metavar="FILE", help="default: clusters.png"
    )
    cluster.add_argument("--tree", type=Path, metavar="FILE", help="also draw the tree: tree.png, .pdf, .svg")


def run_cluster(options: argparse.Namespace) -> None:
    """A table of clusters, and a picture with a row for each: up to ten members, the nearest to its mean first."""
    from course_lib import recipes
    from course_lib.cli.upscale import projection_of, write
    from course_lib.figures import clusters as pictures
    from course_lib.inversion import clustering

    if (options.folder is None) == (options.data is None):
        raise UsageError("which pictures? Give a FOLDER or --data NAME, and not both.")
    method = projection_of(recipes.load(options.of), options.of)
    images, factors, names = opened(options, method.spec)
    points = images.flatten(1) if options.by == "pixels" else encoded(method, images)
    tree = clustering.ward(points)
    labels = tree.labels(options.clusters)
    print(f"{len(images):,} pictures in {options.clusters} clusters by {options.by}")
    for cluster in range(options.clusters):
        members = labels == cluster
        line = f"  {cluster + 1:3}  {int(members.sum()):6,} pictures"
        print(line + told(factors, names, members))
    write(lambda: pictures.save_sheet(images, points, labels, options.out), options.out)
    if options.tree:
        write(lambda: pictures.save_tree(tree, options.clusters, options.tree), options.tree)


def opened(options: argparse.Namespace, spec: Any) -> tuple[Any, Any, tuple[str, ...]]:
    """Images (N, C, R, R), their factors (N, K) or None, and the factors' names. Raises UsageError for too many."""
    import numpy as np
    import torch

    from course_lib import data

    channels, resolution = spec.image
    name, split = options.data or options.folder, options.split or "train"
    own = data.is_own(name)
    whole = own and options.split is None
    for sentence in data.remarks(name, "" if whole else split):
        notices.say(sentence)
    total = data.picture_count(name, options.split) if own else 0
    count = counted(options, name, total, own) if own else 0  # before pictures are prepared: many take long
    with data.without_report():
        if whole:
            there: Any = data.open_whole(name, resolution=resolution, count=count)
        else:
            there = data.open(name, resolution=resolution, split=split)
    if there.shape != spec.shape:
        raise UsageError(
            f"{there.name} has images of shape {tuple(there.shape)}, and this run's are {tuple(spec.shape)}."
        )
    if not whole or len(there) < count:
        total = len(there)
    count = counted(options, there.name, total, own)  # fewer where damaged ones were left out
    factors = None if there.factors is None else torch.from_numpy(np.array(there.factors[:count]))
    if count < total:
        notices.say(f"taken here: the first {count:,} of {total:,} pictures (--first N takes N).")
    return there.tensor(slice(0, count)), factors, there.factor_names


def counted(options: argparse.Namespace, name: Any, total: int, own: bool) -> int:
    """How many of `total` pictures are clustered. own: all, if nothing else is asked for. Raises UsageError."""
    usual = total if own else min(total, FEW)
    count = usual if options.first is None else options.first
    if not 2 <= count <= min(total, MOST):
        raise UsageError(
            f"{name} has {total:,} pictures, of which 2 to {min(total, MOST):,} are clustered at "
            f"once, not {count:,}: give another --first."
        )
    if not 1 <= options.clusters <= count:
        raise UsageError(f"{count:,} pictures have 1 to {count:,} clusters, not {options.clusters}.")
    return count


def encoded(method: Any, images: Any) -> Any:
    """P's codes (N, d), in parts."""
    import torch

    return torch.cat([method.encode(part).flatten(1).cpu() for part in images.split(256)])


def told(factors: Any, names: tuple[str, ...], members: Any) -> str:
    """What sets a cluster apart: binary factors that are much commoner or rarer in it than in all pictures."""
    if factors is None or not len(names):
        return ""
    from course_lib.objectives.attributes import binary_columns

    found = []
    for column in binary_columns(factors).nonzero()[:, 0].tolist():
        share, overall = factors[members, column].mean().item(), factors[:, column].mean().item()
        if abs(share - overall) > 0.25:
            found.append(f"{names[column]} {share:.0%} (of all {overall:.0%})")
    return "; " + ", ".join(found) if found else ""
