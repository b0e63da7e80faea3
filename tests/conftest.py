"""What all tests share."""

import os
from pathlib import Path

import pytest

# before anything imports matplotlib: no test opens a window
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
