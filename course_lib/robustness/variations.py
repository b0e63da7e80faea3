"""What is varied: one thing at a time, around a run that any machine of today can make."""

import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from course_lib import variables
from course_lib.errors import UsageError

SHIFT = 1000  # between two shifts of the seed: a page's own seeds are smaller, so no two runs share one


@dataclass(frozen=True)
class Variation:
    """The surroundings of a run."""

    precision: str = "fp32"  # of networks of images, where "auto" decides: fp32 or bf16
    threads: int = 1
    instructions: str = "plain"  # plain: AVX2, whatever the machine has; default: what torch chooses
    shift: int = 0  # added to the seeds of weights, batches and draws

    @property
    def label(self) -> str:
        """What differs from the base, in words."""
        words = {
            "instructions": f"{self.instructions} instructions",
            "precision": self.precision,
            "threads": f"{self.threads} threads",
            "shift": f"seeds + {self.shift}",
        }
        differ = [name for name in words if getattr(self, name) != getattr(BASE, name)]
        if "precision" in differ and self.instructions == "default":  # the only ones that bf16 is tried with
            differ.remove("instructions")
        return ", ".join(words[name] for name in differ) or "base"

    def environment(self) -> dict[str, str | None]:
        """Variables of a process that runs so; None is taken away."""
        plain = self.instructions == "plain"
        return {
            variables.PRECISION: self.precision,
            variables.SEED_SHIFT: str(self.shift),
            "OMP_NUM_THREADS": str(self.threads),
            **{name: None for name in variables.ONEDNN},
            **{name: value if plain else None for name, value in variables.PLAIN_INSTRUCTIONS.items()},
        }

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Variation":
        return cls(**{field.name: stored[field.name] for field in fields(cls)})


BASE = Variation()
VARIATIONS = {
    "base": BASE,
    "threads": Variation(threads=2),
    "instructions": Variation(instructions="default"),
    "bf16": Variation(instructions="default", precision="bf16"),
    **{f"seeds-{k}": Variation(shift=k * SHIFT) for k in (1, 2, 3)},
}


def chosen(names: list[str] | None) -> dict[str, Variation]:
    """The variations of these names, or all that this machine can make. Raises UsageError for another name."""
    here = possible()
    for name in names or []:
        if name not in VARIATIONS:
            raise UsageError(f"there is no variation '{name}': choose from {', '.join(VARIATIONS)}.")
        if name not in here:
            raise UsageError(f"this machine cannot make the variation '{name}': {why_not(name)}.")
    return {name: here[name] for name in here if not names or name in names}


def possible() -> dict[str, Variation]:
    """The variations that differ from each other on this machine."""
    return {name: variation for name, variation in VARIATIONS.items() if not why_not(name)}


def why_not(name: str) -> str:
    """Why a variation cannot be made on this machine; empty where it can."""
    flags = _processor_flags()
    if name == "instructions" and not any(flag.startswith("avx512") for flag in flags):
        return "the plain instructions are all that its processor has"
    if name == "bf16" and not flags & {"avx512_bf16", "amx_bf16", "bf16"}:
        return "its processor does not multiply bfloat16 numbers"
    if name == "threads" and (os.cpu_count() or 1) < 2:
        return "it has one core"
    return ""


def _processor_flags() -> set[str]:
    cpuinfo = Path("/proc/cpuinfo")
    return set(cpuinfo.read_text().split()) if cpuinfo.exists() else set()
