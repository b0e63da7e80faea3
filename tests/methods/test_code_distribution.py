"""Laws fitted to codes: their moments, and what they draw."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.methods import code_distribution
from course_lib.methods.code_distribution import CodeLaw


def correlated(n=3000, seed=0):
    draw = torch.Generator().manual_seed(seed)
    mixing = torch.tensor([[1.0, 0.0, 0.0], [0.8, 0.3, 0.0], [-0.2, 0.5, 0.1]])
    return torch.randn(n, 3, generator=draw) @ mixing.T + torch.tensor([1.0, -2.0, 0.5])


def test_one_component_has_the_mean_and_the_whole_covariance(monkeypatch):
    monkeypatch.setattr(code_distribution, "CHUNK", 701)  # several pieces, the last one short
    codes, law = correlated(), CodeLaw(3)
    law.fit(codes)
    torch.testing.assert_close(law.means[0], codes.mean(0))
    torch.testing.assert_close(law.factors[0] @ law.factors[0].T, torch.cov(codes.T), rtol=1e-4, atol=1e-6)
    drawn = law.draw(20_000, torch.Generator().manual_seed(1))
    assert drawn.shape == (20_000, 3) and drawn.dtype == torch.float32
    torch.testing.assert_close(drawn.mean(0), codes.mean(0), atol=0.03, rtol=0)
    torch.testing.assert_close(torch.cov(drawn.T), torch.cov(codes.T), atol=0.04, rtol=0)


def test_codes_that_fill_no_volume_have_a_law_too():
    codes = torch.zeros(4, 6)
    codes[:, 0] = torch.tensor([0.1, 0.2, 0.3, 0.4])
    law = CodeLaw(6)
    law.fit(codes)
    drawn = law.draw(100, torch.Generator().manual_seed(0))
    assert drawn[:, 0].std() > 0.05 and drawn[:, 1:].abs().max() < 1e-6


def two_clusters(n=2000):
    draw = torch.Generator().manual_seed(0)
    codes = torch.randn(n, 2, generator=draw) * torch.tensor([0.05, 0.01])
    codes[: n // 4, 0] += 0.6
    codes[n // 4 :, 0] -= 0.2
    return codes


def test_a_mixture_draws_each_cluster_with_its_weight():
    codes = two_clusters()
    one, two = CodeLaw(2), CodeLaw(2, 2)
    one.fit(codes), two.fit(codes)
    order = two.means[:, 0].argsort()
    torch.testing.assert_close(two.weights[order], torch.tensor([0.75, 0.25]), atol=0.01, rtol=0)
    torch.testing.assert_close(two.means[order, 0], torch.tensor([-0.2, 0.6]), atol=0.02, rtol=0)
    samples = [law.draw(5000, torch.Generator().manual_seed(1)) for law in (one, two)]
    # one Gaussian fills the gap between the clusters, two do not
    empty = [((x[:, 0] > 0.05) & (x[:, 0] < 0.35)).float().mean() for x in samples]
    assert empty[0] > 0.2 and empty[1] < 0.01
    assert (samples[1][:, 0] > 0.3).float().mean() == pytest.approx(0.25, abs=0.03)


def test_a_law_is_the_same_for_the_same_codes_and_survives_as_a_state(monkeypatch):
    monkeypatch.setattr(code_distribution, "MOST_FITTED", 700)
    for components in (1, 3):
        laws = [CodeLaw(3, components) for _ in range(3)]
        laws[0].fit(correlated()), laws[1].fit(correlated())
        laws[2].load_state_dict(laws[0].state_dict())
        drawn = [law.draw(50, torch.Generator().manual_seed(3)) for law in laws]
        assert torch.equal(drawn[0], drawn[1]) and torch.equal(drawn[0], drawn[2])
        assert not torch.equal(drawn[0], laws[0].draw(50, torch.Generator().manual_seed(4)))


def test_too_few_codes_are_refused():
    for components, n in ((1, 1), (5, 4)):
        with pytest.raises(UsageError, match=f"{n} codes are too few for a law of {components} components"):
            CodeLaw(2, components).fit(torch.zeros(n, 2))
    with pytest.raises(UsageError, match="at least one component"):
        CodeLaw(2, 0)
