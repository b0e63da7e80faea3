"""`course evaluate --table`: several runs on the same data, in the table of a paper."""

import argparse
import json
import sys

from course_lib.errors import UsageError


def reconstruction_table(options: argparse.Namespace, device: object) -> None:
    """Table 1 of the GLO paper, for the runs that are named, with PCA as its first line."""
    from course_lib import data, recipes
    from course_lib.inversion import table, table_text
    from course_lib.inversion.own_samples import recover

    if options.images < 2:
        raise UsageError("--images counts images of each split: give at least 2.")
    methods = [recipes.load(run, device=device) for run in options.of]
    for run, method in zip(options.of, methods, strict=True):
        if "generator" not in method.networks:
            raise UsageError(f"{run} has no generator: the table reconstructs images with one.")
    name, resolution = table.check_alike([method.plan for method in methods])
    name = options.data or name
    train, test = (data.open(name, resolution=resolution, split=split) for split in table.SPLITS)
    search = table.Search(steps=options.search_steps, seed=options.seed)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    say(f"PCA with {methods[0].latent} components")
    rows = [table.pca_row(train, test, methods[0].latent, options.images, options.seed)]
    own = {}
    for run, method in zip(options.of, methods, strict=True):
        label = table.label(method)
        say(f"{run}: codes of {options.images} images of each split, by MSE and by Lap1")
        rows += table.rows_of(method, label, train, test, options.images, search, str(run))
        if label == "DCGAN" and options.own_samples:
            say(f"{run}: {options.own_samples} of its own samples")
            own[str(run)] = recover(method, options.own_samples, seed=options.seed)
    print(table_text.as_text(rows, name, resolution))
    for run, found in own.items():
        print(
            f"{run}: {found.share:.1%} of {len(found.psnr)} of its own samples are reconstructed to more than "
            f"{found.target:.0f} dB; their median is {found.median:.0f} dB."
        )
    if options.json:
        from course_lib.files import write_atomic

        numbers = table_text.to_json(rows, name, resolution, search)
        numbers["own_samples"] = {
            run: {"share": f.share, "median": f.median, "samples": len(f.psnr), "target": f.target}
            for run, f in own.items()
        }
        write_atomic(options.json, json.dumps(numbers) + "\n")
