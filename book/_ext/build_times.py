"""How long the pages took: _build/times.json of this checkout, book/times.json for a fresh one.

{"pages": {"book/09-glo": {"seconds": ..., "cpu_seconds": ...}}, "smoke": ..., "notebooks": ..., "build": ...,
"processor": ..., "cores": ..., "date": ...}: for each page its last execution, in the book's tier and in the smallest;
for the last build that executed all pages, the wall time of the notebooks and of the whole, in seconds.
"""

import datetime
import json
import platform
from pathlib import Path
from typing import Any

from course_lib import notebooks
from course_lib.files import write_atomic


class Times:
    """What is known of one checkout, at first from what was committed. `kind` is "pages" or "smoke"."""

    def __init__(self, project: Path, kind: str = "pages"):
        self.kind = kind
        self.path = project / "_build" / "times.json"
        committed = _read(project / "book" / "times.json")
        own = _read(self.path)
        self.content: dict[str, Any] = committed | own
        self.content[kind] = committed.get(kind, {}) | own.get(kind, {})

    def of(self, page: str) -> float | None:
        """Seconds that the page took last, or None."""
        return self.content[self.kind].get(page, {}).get("seconds")

    def last_build(self) -> str:
        """A sentence on the last build that executed everything."""
        if "build" not in self.content:
            return "no build of the whole book has been recorded yet"
        c = self.content
        return (
            f"the last build of the whole book took {words(c['build'])}, of which the notebooks "
            f"{words(c['notebooks'])} ({c['processor']}, {c['cores']} cores, {c['date']})"
        )

    def note_page(self, page: str, outcome: notebooks.Outcome) -> None:
        self.content[self.kind][page] = {
            "seconds": round(outcome.seconds, 1),
            "cpu_seconds": round(outcome.cpu_seconds, 1),
        }

    def note_build(self, notebooks_seconds: float, seconds: float) -> None:
        self.content |= {
            "notebooks": round(notebooks_seconds),
            "build": round(seconds),
            "processor": processor(),
            "cores": notebooks.cores(),
            "date": datetime.date.today().isoformat(),
        }

    def save(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        write_atomic(self.path, json.dumps(self.content, indent=1, sort_keys=True) + "\n")


def words(seconds: float) -> str:
    """130 -> "2 min 10 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def processor() -> str:
    """What the processor calls itself."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}
