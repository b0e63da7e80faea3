"""Checks that accept any right answer of many: a linear generator with its codes, and draws from a law."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.engine.trial import Trial
from course_lib.methods.codes import project as onto


def check_flat(trial: Trial, x: Tensor, k: int, returned: object) -> None:
    """Stop unless `got` is A, b and codes that make the best pictures, from codes that are white and in the ball."""
    names = "A, b and the codes"
    A, b, z = (
        trial.tensor(part, names).detach().cpu().double() for part in trial.several(returned, 3, names)
    )
    (count, d), centred = x.shape, x - x.mean(0)
    if (A.shape, b.shape, z.shape) != ((d, k), (d,), (count, k)):
        trial.fail("shapes", A=tuple(A.shape), b=tuple(b.shape), z=tuple(z.shape))
    components = torch.linalg.svd(centred, full_matrices=False).Vh
    through_origin = torch.linalg.svd(x, full_matrices=False).Vh

    def left(flat_basis: Tensor, about: Tensor) -> Tensor:
        gap = x - about
        return (gap - gap @ flat_basis @ flat_basis.T).square().sum(1).mean()

    best = left(components[:k].T, x.mean(0))
    values = torch.cat([A.flatten(), b, z.flatten()])
    trial.equal(values.isfinite().all().double(), 1.0, name="finiteness of A, b and the codes")
    basis = torch.linalg.qr(A).Q if torch.linalg.matrix_rank(A) == k else torch.zeros(d, k).double()
    possible, reached = left(basis, b), (z @ A.T + b - x).square().sum(1).mean()
    if possible > best * (1 + 1e-4):
        zero = torch.zeros(d).double()
        known = {
            "not-centred": [
                left(through_origin[:k].T, zero),
                left(components[:k].T, zero),
                left(through_origin[:k].T, x.mean(0)),
            ],
            "smallest": left(components[-k:].T, x.mean(0)),
        }
        trial.known(possible, best, known)
        trial.fail("flat", left=possible.item(), best=best.item())
    if reached > best * (1 + 1e-4):
        ideal = (x - b) @ torch.linalg.pinv(A).T
        if torch.allclose(z, onto(ideal), atol=1e-4):
            trial.fail("clipped")
        # codes that are the best ones up to a linear map
        about = torch.cat([ideal, torch.ones(count, 1).double()], 1)
        image = about @ torch.linalg.lstsq(about, z).solution
        if torch.allclose(image, z, atol=1e-4 * z.abs().max().item()):
            trial.fail("not-undone")
        trial.fail("codes", left=reached.item(), best=best.item())
    longest = z.norm(dim=1).max().item()
    trial.expect(longest <= 1 + 1e-4, "outside", length=longest)
    covariance = torch.cov(z.T).reshape(k, k)
    covariance = covariance / covariance.diagonal().mean()
    trial.expect((covariance - torch.eye(k)).abs().max() < 1e-3, "not-white")


def affine(answer: Callable, trial: Trial, codes: Tensor) -> tuple[Tensor, Tensor]:
    """What noise of zeros gives, (k,), and what each unit of noise adds to it, (k, k), a row for each."""
    k = codes.shape[1]
    far = 4.0  # standard deviations: outside the ball
    noise = torch.cat([torch.zeros(1, k), far * torch.eye(k), 2 * trial.draw.normal(3, k, purpose="noise")])
    draws = trial.tensor(trial.call(answer, codes, noise)).detach().double()
    again = trial.tensor(trial.call(answer, codes, noise)).detach().double()
    if draws.shape != noise.shape or not draws.isfinite().all():
        trial.equal(draws, torch.zeros(noise.shape), name="the table of draws")
    trial.expect(torch.allclose(draws, again, atol=1e-5), "noise-unused")
    mean, rows = draws[0], (draws[1 : k + 1] - draws[0]) / far
    trial.expect(rows.abs().max() > 1e-6, "noise-unused")
    affine = mean + noise.double() @ rows
    trial.expect(torch.allclose(draws, affine, atol=1e-3), "not-affine")
    return mean, rows


def check_law(trial: Trial, codes: Tensor, law: tuple[Tensor, Tensor], few: bool = False) -> None:
    """Stop unless mean and covariance of such draws are those of the codes; `few`: it has no Cholesky factor."""
    (mean, rows), codes = law, codes.double()
    count, centre = len(codes), codes.mean(0)
    trial.equal(mean, centre, {"mean-forgotten": torch.zeros_like(centre)}, name="the mean of the draws")
    covariance = torch.cov(codes.T)
    spread = rows.T @ rows
    n_or_less = (spread.trace() - covariance.trace() * (count - 1) / count).abs() < 1e-3 * spread.trace()
    covariance = covariance * (count - 1) / count if n_or_less else covariance  # either will do
    variances = covariance.diagonal()
    factor = torch.linalg.cholesky(covariance) if not few else torch.zeros_like(covariance)
    second = codes.T @ codes / count
    wrong = {
        "diagonal": [variances.diag(), variances.square().diag()],
        "isotropic": [
            torch.eye(len(variances)).double() * s
            for s in (1.0, variances.mean(), variances.sqrt().mean() ** 2, codes.var(), codes.std())
        ],
        "transposed": factor.T @ factor,
        "covariance": covariance @ covariance,
        "not-centred": [second, second * count / (count - 1)],
        "total": [covariance * count, covariance * (count - 1)],
    }
    where = "for fewer codes than coordinates" if few else "for 300 codes"
    trial.equal(
        spread,
        covariance,
        wrong,
        tolerance=1e-3,
        otherwise="spread",
        name="the covariance of the draws",
        on=where,
    )
