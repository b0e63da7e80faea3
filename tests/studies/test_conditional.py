"""The measures of chapter 13's studies: what a line of each record says."""

import torch

from course_lib import data
from course_lib.methods.conditional import Conditional
from course_lib.networks.conditional import ConditionalPair
from course_lib.studies import runner
from course_lib.studies.catalogue.conditional import held_out_part, variety

PARTS = {"z", "z/told", "length", "y/own", "y/real", "psnr", "psnr/own"}
EDITS = {"wanted", "without", "unwanted", "without_unwanted", "moved"}


def test_lines_on_digits_say_what_was_obeyed_and_what_was_inverted():
    (*_, obeyed) = runner.measured("conditional-digits", "projection", 0, "smoke")["measures"]
    assert {"condition_accuracy", "condition_chance", "variety"} <= obeyed.keys()
    assert 0 <= obeyed["condition_accuracy"] <= 1 and obeyed["variety"] > 0
    (*_, inverted) = runner.measured("icgan-digits", "IND-COND", 0, "smoke")["measures"]
    assert inverted.keys() >= PARTS | {"wanted", "without"}


def test_a_line_on_faces_has_every_attribute():
    (*_, row) = runner.measured("icgan-faces", "SNG", 0, "smoke")["measures"]
    assert row.keys() >= PARTS | EDITS | {"wanted/hat", "unwanted/smile", "moved/hair_length"}
    assert all(0 <= row[f"wanted/{name}"] <= 1 for name in ("hat", "glasses", "beard"))


def test_true_conditions_of_held_out_images_are_those_of_their_labels():
    images = data.open("digits", resolution=16, split="test")
    torch.manual_seed(0)
    pair = ConditionalPair(noise=3, generator_width=4).build(data.spec_of(images))
    method = Conditional(None, generator=pair["generator"])
    part, truth = held_out_part(method, images, 20)
    assert len(part) == 20 and truth.argmax(1).tolist() == images.labels[:20].tolist()


def test_variety_of_a_generator_that_repeats_itself_is_nothing():
    images = data.open("digits", resolution=16)

    class Repeats:
        conditions, device = type("C", (), {"classes": 10}), torch.device("cpu")

        def latents(self, n, draw):
            return torch.zeros(n, 1)

        def sample(self, latents, labels):
            return torch.zeros(len(latents), 1, 16, 16) + labels.view(-1, 1, 1, 1) / 10

    class Copies(Repeats):
        def sample(self, latents, labels):
            chosen = torch.nonzero(torch.from_numpy(images.labels) == labels[0])[:, 0]
            return images.tensor(chosen[torch.arange(len(latents)) % len(chosen)])

    assert variety(Repeats(), images, 0) == 0
    assert 0.8 < variety(Copies(), images, 0) < 1.2
