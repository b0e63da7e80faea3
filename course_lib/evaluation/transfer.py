"""Style transfer by copying part of a code from one image to another, and what a judge sees of it in the result."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.errors import UsageError


def copied(references: Tensor, sources: Tensor, group: Sequence[int]) -> Tensor:
    """(N, d): the codes `references`, but for the dimensions of `group`, which are those of `sources`.

    Sandström (2019), section 9: "copying specific sets of the latent code from the source image to the latent code of
    the reference image". Raises UsageError for codes that do not pair and for dimensions that they lack.
    """
    if references.shape != sources.shape or references.ndim != 2:
        raise UsageError(
            f"codes are copied row by row between tables (N, d) of one shape, not {tuple(sources.shape)} to "
            f"{tuple(references.shape)}."
        )
    columns = torch.as_tensor(list(group), dtype=torch.int64)
    if len(columns) == 0 or columns.min() < 0 or columns.max() >= references.shape[1]:
        raise UsageError(
            f"the group holds no dimensions, or some beyond the {references.shape[1]} of the codes."
        )
    mixed = references.clone()
    mixed[:, columns] = sources[:, columns]
    return mixed


def transferred(reference: Tensor, source: Tensor, mixed: Tensor) -> Tensor:
    r"""How far each of K readings went from the reference's to the source's: (N, K) three times -> (K,).

    $\sum_i (m_i - r_i)(s_i - r_i) / \sum_i (s_i - r_i)^2$: the slope, through the origin, of what changed on what
    differed. 0 where the copy changed nothing that has to do with the source, 1 where it took the factor over; nan
    where source and reference never differ.
    """
    if not reference.shape == source.shape == mixed.shape:
        raise UsageError("readings of references, sources and mixtures are tables of one shape.")
    differed = source.double() - reference.double()
    return ((mixed.double() - reference.double()) * differed).sum(0) / differed.square().sum(0)


@torch.no_grad()
def transfer(
    sample: Callable[[Tensor], Tensor],
    judge: Callable[[Tensor], Tensor],
    references: Tensor,
    sources: Tensor,
    groups: Sequence[Sequence[int]],
) -> Tensor:
    """(G, K) `transferred` for each group of dimensions of the codes (N, d).

    sample: codes to images; judge: (N, ...) to readings (N, K).
    """
    reference, source = judge(sample(references)), judge(sample(sources))
    return torch.stack(
        [
            transferred(reference, source, judge(sample(copied(references, sources, group))))
            for group in groups
        ]
    )
