"""The measures of every study on another device: what fails there fails after the whole training, on a GPU alone."""

import dataclasses
import json
from contextlib import nullcontext

import pytest
import torch
from studies.elsewhere import DEVICE, Elsewhere, OfElsewhere, moved

from course_lib import recipes, seeds
from course_lib.studies import STUDIES, runner

# one study of each kind of measure, and of those whose measure asks in several ways a variant of each
TRIED = {
    "clinic": ["healthy"],
    "infogan-weights": ["λ = 1"],
    "ring-remedies": ["plain game"],
    "stacked-modes": ["plain game"],
    "conditional-digits": ["concatenation"],
    "icgan-digits": ["SNG"],
    "games-fashion": ["minimax"],
    "dcgan-rules": ["all rules"],
    "drags-faces": ["as published, one place", "style generator, Z"],
    "fgan-critics": ["kl"],
    "fgan-ring": ["kl"],
    "fgan-gaussian": ["kl"],
    "glo-table-fashion": ["VAE", "DCGAN", "GLO"],
    "gan-reconstruction": ["GLO: 1 class, 1,000"],
    "glo-beginnings": ["noise"],
    "glo-table-pca": ["Fashion-MNIST"],
    "glo-table-search": ["Fashion-MNIST: DCGAN", "Fashion-MNIST: GLO"],
    "growing-models": ["clgGAN"],
    "swissroll-axes": ["grown"],
    "infogan-digits": ["InfoGAN"],
    "disentanglement-sprites": ["InfoGAN", "IB-GAN", "β-VAE, β = 4"],
    "inversion-spaces": ["Z", "W+ and noise"],
    "correlated-faces": ["correlated"],
    "detector-reach": ["dcgan-faces"],
    "path-length": ["without"],
    "projection-reach": ["full resolution"],
    "projection-spaces": ["w", "z"],
    "projection-tuning": ["1"],
    "bigan-digits": ["BiGAN"],
    "inversion-routes": ["encoder", "search, 80 steps in W+", "tuned, 80 and 60 steps"],
    "inversion-encoders": ["pSp", "ReStyle", "HyperStyle"],
    "sagan-faces": ["near"],
    "biggan-digits": ["together"],
    "style-noise": ["learnt"],
    "r3gan-gamma": ["digits, batch 16, gamma 1"],
    "r3gan-time-digits": ["WGAN-GP"],
    "student-ring": ["exact"],
    "student-faces": ["matching alone"],
    "translation-unpaired": ["both"],
    "translation-paired": ["PAN"],
    "translation-night": ["both"],
    "translation-edges": ["PAN"],
    "wasserstein-critics": ["penalty"],
    "wasserstein-quality": ["GAN"],
}


# what cannot be tried here, and why
NOT_TRIED = {"frozen-discriminator": "torch.func differentiates it, and sees no numbers of such tensors"}
# nor "features" of inversion-routes, which makes a generator of the device without asking `seeds`, nor what DCGANs of
# gan-reconstruction make of own samples: torch.func again


@pytest.fixture
def elsewhere(monkeypatch):
    """What on a GPU is there: its generators and its autocast."""
    made, autocast, enabled = seeds.generator, torch.autocast, torch.is_autocast_enabled

    def generator(seed, *, device="cpu", **coordinates):
        if torch.device(device) != DEVICE:
            return made(seed, device=device, **coordinates)
        return OfElsewhere().manual_seed(seeds.number(seed, **coordinates))

    monkeypatch.setattr(seeds, "generator", generator)

    def cast(kind, *args, **how):
        return nullcontext() if kind == DEVICE.type else autocast(kind, *args, **how)

    monkeypatch.setattr(torch, "autocast", cast)
    init = torch.optim.Adam.__init__  # its fused rule knows no such device
    monkeypatch.setattr(
        torch.optim.Adam, "__init__", lambda self, *args, fused=None, **named: init(self, *args, **named)
    )
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *kind: kind != ("meta",) and enabled(*kind))


def measured_elsewhere(monkeypatch, name, variant):
    """A line of the record, trained on the CPU and measured with all networks of the run on the other device."""
    study, train = STUDIES[name], recipes.train

    def measures(plan):
        measure = study.measures(plan)

        def there(run):
            averages = run.average.networks.values()
            with moved(run.method.networks, *averages):
                return measure(run)

        return there

    monkeypatch.setitem(STUDIES, name, dataclasses.replace(study, measures=measures))
    monkeypatch.setattr(recipes, "train", lambda plan, **how: train(plan, **how, device="cpu"))
    return runner.measured(name, variant, 0, "smoke")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "variant"), [(name, v) for name, variants in TRIED.items() for v in variants]
)
def test_a_study_measures_where_it_was_trained(elsewhere, monkeypatch, name, variant):
    line = measured_elsewhere(monkeypatch, name, variant)
    assert line["measures"] and all(line["measures"])
    json.dumps(line["measures"])  # refuses a tensor, wherever in a row it is


def test_every_kind_of_measure_is_tried():
    def kind(study):
        return study.measures.__module__, study.measures.__qualname__

    kinds = {kind(study) for study in STUDIES.values()}
    assert len({one for one in kinds if one[0].endswith(".translation")}) == 4, "each has a name of its own"
    tried = {kind(STUDIES[name]) for name in TRIED}
    assert kinds - tried == {kind(STUDIES[name]) for name in NOT_TRIED}


def test_the_other_device_refuses_what_a_gpu_refuses():
    network = torch.nn.Linear(3, 2)
    x = torch.ones(1, 3)
    with moved(network):
        there = network(x.to(DEVICE))
        assert isinstance(there, Elsewhere) and there.device == DEVICE
        for wrong in (lambda: network(x), lambda: there.detach().numpy(), lambda: there + torch.ones(1, 2)):
            with pytest.raises((RuntimeError, TypeError)):
                wrong()
        with pytest.raises(RuntimeError, match="generator"):
            torch.randn(2, device=DEVICE, generator=torch.Generator())
        assert isinstance(there + 1, Elsewhere) and not isinstance(there.cpu(), Elsewhere)
        (there.sum()).backward()
        assert isinstance(network.weight.grad, Elsewhere)
    torch.testing.assert_close(network(x), there.cpu())
    assert network.weight.grad is None
