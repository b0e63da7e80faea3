"""The measures of chapter 11's study: what they count, by hand, and that a line of the record has all of them."""

import torch
from torch import nn

from course_lib import recipes
from course_lib.data.faces import NAMES
from course_lib.studies import runner
from course_lib.studies.catalogue.growing import operations_by_phase, reader, tabled
from course_lib.training.speed import operations

POINTS = ("variability", "moved", "copied")


def plan(model: str, **changes):
    return recipes.resolve(f"{model}-faces", "smoke", **changes)


def test_operations_of_a_convolution_and_of_its_penalty_by_hand():
    conv, x = nn.Conv2d(3, 5, 3, padding=1, bias=False), torch.randn(2, 3, 8, 8)
    forward = 2 * 2 * 5 * 3 * 9 * 64  # a multiplication and an addition for each weight, place and image
    assert operations(lambda: conv(x)) == forward
    assert operations(lambda: conv(x).sum().backward()) == 2 * forward  # the input needs no gradient

    def penalty():
        inputs = x.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(conv(inputs).square().sum(), inputs, create_graph=True)
        gradient.square().sum().backward()

    assert operations(penalty) >= 5 * forward


def test_stages_cost_what_their_size_costs():
    shape = (3, 32, 32)
    whole = operations_by_phase(plan("bgan", resolution=32), shape)
    grown = operations_by_phase(plan("clggan", resolution=32), shape)
    assert len(whole) == 1 and len(grown) == 7
    assert list(grown[::2]) == sorted(grown[::2]) and grown[0] < whole[0] / 100
    assert grown[-1] == whole[0], "the last stage is the whole pair"
    for fading, settled in zip(grown[1::2], grown[2::2], strict=True):
        assert fading > settled, "two ways at once cost more than one"
    latent = operations_by_phase(plan("bggan", resolution=32), shape)
    assert min(latent) > 0.9 * whole[0], "a latent that grows spares next to nothing"


def test_readings_are_probabilities_where_a_factor_is_binary():
    class Judge:
        def logits(self, samples):
            assert samples.shape[-1] == 32
            return torch.tensor([[3.0, 3.0]]).repeat(len(samples), 1)

    found = reader(Judge(), [True, False])(torch.zeros(2, 3, 8, 8))
    torch.testing.assert_close(found, torch.tensor([[0.952574, 3.0]]).repeat(2, 1))


def test_tables_are_kept_by_name():
    values = torch.arange(2.0 * len(NAMES)).view(2, -1)
    kept = tabled(["1-8", "all"], values)
    assert kept["1-8/yaw"] == 0 and kept["all/clothing"] == 2 * len(NAMES) - 1


def test_a_line_of_the_record_says_costs_quality_and_groups():
    line = runner.measured("growing-models", "clgGAN", 0, "smoke")
    first, *_, last = line["measures"]
    assert first["operations"] == first["process_seconds"] == 0 and last["operations"] > 0
    assert last["parameters"] > first["parameters"] and not any(k.startswith(POINTS) for k in first)
    assert {
        "variability/1-2",
        "variability/5-8",
        "variability/all",
        "moved/all/hat",
        "copied/5-8/hat",
    } <= last.keys()
