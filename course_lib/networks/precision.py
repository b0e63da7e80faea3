"""What a network computes in full precision although the step around it does not."""

from contextlib import AbstractContextManager, nullcontext

import torch


def without_autocast(kind: str) -> AbstractContextManager[None]:
    """Context without autocast on a kind of device. Where there is none it is empty: `torch.export` would make a
    network within the network of it."""
    return torch.autocast(kind, enabled=False) if torch.is_autocast_enabled(kind) else nullcontext()
