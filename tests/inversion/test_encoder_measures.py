"""How near an encoder comes: who answers the mean code, and who knows the code."""

import pytest
import torch

from course_lib import data
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.encoder_measures import encoder_measures
from course_lib.inversion.table import evenly_spaced
from course_lib.methods.encoding import mean_code
from course_lib.methods.latent_encoder import LatentEncoderSettings
from course_lib.networks.latent_encoder import LatentEncoder, code_shape
from course_lib.networks.style import StyleGenerator

N = 64


@pytest.fixture(scope="module")
def method():
    torch.manual_seed(0)
    generator = StyleGenerator(6, 5, 32, 3, base=64, most=6, depth=2).requires_grad_(False).eval()
    generator.mean_w.copy_(generator.mapping(torch.randn(2000, 6)).mean(0))
    with torch.no_grad():
        for block in generator.synthesis.blocks:
            block.torgb.weight.mul_(0.1)
    encoder = LatentEncoder(3, 32, code_shape(generator, "w+"), 4, 4)
    encoder.mean.copy_(mean_code(generator, "w+"))
    return LatentEncoderSettings(perceptual=0.0).build({"encoder": encoder, "generator": generator})


@pytest.fixture(scope="module")
def faces():
    return data.open("faces", resolution=32, split="test")


def test_whoever_answers_the_mean_code_has_an_error_of_one(method, faces):
    found = encoder_measures(method, faces, N)
    assert found["code"] == pytest.approx(1.0, abs=0.1) and found["samples"] == N
    assert found["interval/code"][0] < found["code"] < found["interval/code"][1]
    images = faces.tensor(evenly_spaced(faces, N))
    with torch.no_grad():
        made = method.sample(mean_code(method.networks["generator"], "w+").expand(N, 8, 5)).clamp(-1, 1)
    assert found["psnr"] == pytest.approx(psnr_per_image(images, made).mean().item())
    assert found["extractor"] == "faces-judge" and found["perceptual"] > 0


def test_whoever_knows_the_codes_nearly_has_a_small_error(method, faces, monkeypatch):
    def nearly(n, generator):
        nearly.codes = method.space.draw(n, generator)
        return nearly.codes

    answers = [torch.zeros(N, 8, 5)]

    def knows(images):
        return nearly.codes + 0.01 if len(answers) > 1 else answers.append(None) or answers[0]

    monkeypatch.setattr(method, "latents", nearly)
    monkeypatch.setattr(method, "encode", knows)
    found = encoder_measures(method, faces, N)
    variance = (nearly.codes - nearly.codes.mean(0)).square().mean().item()
    assert found["code"] == pytest.approx(1e-4 / variance, rel=0.01) and found["generated_psnr"] > 30
