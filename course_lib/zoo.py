"""Trained networks that come with the course: `zoo/NAME/` holds a run's configuration, averaged weights and curves.

`zoo/manifest.json` says of each where it comes from: command, seed, hardware, minutes, measures and checksum.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.errors import CourseError, UsageError
from course_lib.files import save_state, sha256, write_atomic

# the recipe of each entry, in the order in which they must be trained: measures need the classifier
ENTRIES = {
    "classifier-fashion": "classifier-fashion",
    "classifier-digits": "classifier-digits",
    "dcgan-fashion": "dcgan-fashion",
    "judge-faces": "judge-faces",
    "dcgan-faces": "dcgan-faces",
    "judge-faces-64": "judge-faces-64",
    "glo-fashion": "glo-fashion",
    "glo-faces": "glo-faces",
    "vae-fashion": "vae-fashion",
    "infogan-digits": "infogan-digits",
    "clggan-faces": "clggan-faces",
    "ibgan-colour-sprites": "ibgan-colour-sprites",
    "ibgan-faces": "ibgan-faces",
    "stylegan-faces": "stylegan-faces",
    "stylegan-faces-64": "stylegan-faces-64",
    "projection-faces": "projection-faces",
    "encoder-faces": "encoder-faces",
    "cgan-digits": "cgan-digits",
    "cgan-faces": "cgan-faces",
    "diffusion-ring": "diffusion-ring",
    "diffusion-faces": "diffusion-faces",
    "bigan-digits": "bigan-digits",
    "cyclegan-glasses": "cyclegan-glasses",
    "pan-rain": "pan-rain",
    "student-faces": "student-faces",
    "sagan-faces": "sagan-faces",
    "biggan-digits": "biggan-digits",
}
# entries whose pictures no network of the course was taught on: measured by what their codes hold of known factors
BY_CODES = ("ibgan-colour-sprites",)
# entries that are asked many times for each sample are measured on fewer of them, and so is what is compared with one
FEW = {"diffusion-faces": 1_000, "student-faces": 1_000}
LIMIT = 5 * 2**20  # bytes a file: the course must stay quick to clone
ROWS = 60  # of a run's metrics that an entry keeps: its curves, for `course compare`


def manifest() -> dict[str, Any]:
    """What is known of each entry, by name."""
    file = paths.zoo() / "manifest.json"
    try:
        return json.loads(file.read_text()) if file.exists() else {}
    except ValueError as error:
        raise CourseError(f"{file} is damaged ({error}): {paths.restore('zoo')}.") from error


def check() -> list[str]:
    """Verify every entry against the manifest and load it. Returns the names; raises CourseError at a fault."""
    from course_lib.recipes import load

    names = []
    for name, entry in manifest().items():
        file = paths.zoo() / name / "weights" / "state.safetensors"
        if not file.exists() or sha256(file) != entry.get("sha256"):
            raise CourseError(f"{file} is missing or damaged: {paths.restore('zoo')}.")
        load(paths.zoo() / name)
        names.append(name)
    return names


def train(name: str, run_dir: Path, *, quiet: bool = False) -> dict[str, Any]:
    """Train an entry anew with its book-tier recipe, measure it, and put it into the zoo. Resumes `run_dir`.

    Returns its line of the manifest. Raises UsageError for an unknown entry.
    """
    from course_lib import recipes

    paths.checkout("training an entry of the zoo")
    if name not in ENTRIES:
        raise UsageError(f"there is no zoo entry '{name}': choose one of {', '.join(ENTRIES)}.")
    plan = recipes.resolve(ENTRIES[name], "book")
    run = recipes.train(plan, run_dir, quiet=quiet)
    return publish(name, run_dir, run.seconds / 60)


def measure_again(name: str, *, own_samples: int = 0) -> dict[str, Any]:
    """Measure an entry anew, by today's measures, and write them into the manifest. Returns its line.

    own_samples: of a GAN, also how many of so many own samples the search makes again to more than 50 dB
    (`inversion.own_samples`; some seconds each on two cores). Raises UsageError for what the zoo does not hold.
    """
    from course_lib import recipes
    from course_lib.inversion.own_samples import recover

    paths.checkout("measuring an entry of the zoo anew")
    if name not in manifest():
        raise UsageError(f"the zoo holds no '{name}': choose one of {', '.join(manifest())}.")
    method = recipes.load(paths.zoo() / name)
    measures = _measures(name, method)
    if own_samples:
        found = recover(method, own_samples)
        measures["own_samples"] = {"count": own_samples, "share": found.share, "median": found.median}
    entry = manifest()[name] | {"measures": measures}
    write_atomic(paths.zoo() / name / "metrics.json", json.dumps(measures, indent=2) + "\n")
    write_atomic(paths.zoo() / "manifest.json", json.dumps(manifest() | {name: entry}, indent=2) + "\n")
    return entry


def publish(name: str, run_dir: Path, minutes: float) -> dict[str, Any]:
    """Put the averaged weights of a finished run into the zoo and measure what was put there."""
    import datetime

    import torch

    from course_lib import recipes
    from course_lib.training import configuration, device
    from course_lib.training.checkpoint import RunDirectory

    method = recipes.load(run_dir)
    # beside the entry, whose place it takes when it is whole and measured
    folder = paths.zoo() / f".{name}.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # the discriminator plays no part in what the zoo is for
    save_state(folder / "weights", method.inference_state())
    file = folder / "weights" / "state.safetensors"
    if file.stat().st_size > LIMIT:
        raise CourseError(
            f"{file} has {file.stat().st_size / 2**20:.1f} MiB; the zoo takes files up to 5 MiB."
        )
    config = RunDirectory(run_dir).config() | ({"stage": method.stage} if method.stage else {})
    configuration.write(folder / "config.json", config)
    write_atomic(folder / "metrics.jsonl", _curve(RunDirectory(run_dir).metrics.read_bytes()))
    d = method.plan.settings["data"]
    measures = _measures(name, recipes.load(folder))
    write_atomic(folder / "metrics.json", json.dumps(measures, indent=2) + "\n")
    entry = {
        "recipe": method.plan.recipe,
        "command": f"course zoo train {name}",
        "seed": d.seed,
        "steps": d.steps,
        "minutes": round(minutes, 1),
        "hardware": device.describe(torch.device("cpu") if not torch.cuda.is_available() else device.best()),
        "date": datetime.date.today().isoformat(),
        "measures": measures,
        "sha256": sha256(file),
    }
    shutil.rmtree(paths.zoo() / name, ignore_errors=True)
    folder.rename(paths.zoo() / name)
    write_atomic(paths.zoo() / "manifest.json", json.dumps(manifest() | {name: entry}, indent=2) + "\n")
    return entry


def _curve(content: bytes) -> str:
    """At most `ROWS` rows of a metrics.jsonl, evenly spaced, the last among them."""
    from course_lib.training.history import rows_in

    lines = [line for line, _ in rows_in(content)[0]]
    apart = -(-len(lines) // ROWS)
    return "".join(line.decode() + "\n" for line in lines[::-1][:: max(1, apart)][::-1])


def _measures(name: str, method: Any) -> dict[str, Any]:
    """The measures of an entry: by `report.measure`, by what its codes hold of held-out images (`BY_CODES`), or of a
    projection network or an encoder by what it finds again."""
    from course_lib import recipes
    from course_lib.evaluation.codes import code_measures
    from course_lib.evaluation.report import measure
    from course_lib.inversion.encoder_measures import encoder_measures
    from course_lib.inversion.fresh_samples import projection_measures
    from course_lib.methods.latent_encoder import LatentEncoding

    if "projection" in method.networks:
        return projection_measures(method)
    if hasattr(method, "translate"):
        return _measures_of_translation(method)
    if isinstance(method, LatentEncoding):
        return encoder_measures(method, recipes.open_data(method.plan, "test")[0])
    if name not in BY_CODES:
        few: dict[str, Any] = {"samples": FEW[name]} if name in FEW else {}
        return measure(method, recipes.open_data(method.plan)[0], **few)
    held_out = recipes.open_data(method.plan, "test")[0]
    return {"data": held_out.name, "samples": len(held_out), "seed": 0, **code_measures(method, held_out)}


def _measures_of_translation(method: Any) -> dict[str, Any]:
    """On 256 held-out images of each domain: distances of pairs, or, without pairs, what changed and what stayed."""
    from course_lib import recipes
    from course_lib.evaluation import translations

    source, target = recipes.open_data(method.plan, "test")
    told = {"data": f"{source.name} to {target.name}", "samples": translations.COUNT, "seed": 0}
    if method.spec.paired:
        return told | translations.paired_measures(method, source, target)
    return told | {
        name: value
        for name, value in translations.unpaired_measures(method, source, target).items()
        if "moved/" not in name
    }
