"""The report: samplers whose measures are known before they are measured."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import data, seeds
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.features import extractor, suited
from course_lib.evaluation.frechet import frechet_distance_of
from course_lib.evaluation.report import caption, draw_samples, measure


class Sampler:
    """A method of which only the function from latents (n, 2) to samples is of interest."""

    def __init__(self, function):
        self.function, self.sizes = function, []
        self.device, self.classifier = torch.device("cpu"), None

    def latents(self, n, generator):
        return torch.randn(n, 2, generator=generator, device=generator.device)

    def sample(self, latents):
        self.sizes.append(len(latents))
        return self.function(latents)


def replay(images):
    """A sampler that shows the images of a data set at random."""
    return Sampler(lambda z: images.tensor((z[:, 0].abs() * 1e6).long() % len(images)))


def test_samples_are_drawn_in_batches_from_the_latents_of_the_seed():
    sampler = Sampler(lambda z: 2 * z)
    found = draw_samples(sampler, 1200, seed=3)
    assert sampler.sizes == [500, 500, 200]
    assert torch.equal(found, 2 * torch.randn(1200, 2, generator=seeds.generator(3, purpose="evaluation")))
    assert not torch.equal(found, draw_samples(sampler, 1200, seed=4))


def test_samples_that_are_not_finite_are_refused():
    with pytest.raises(CourseError, match="diverged"):
        draw_samples(Sampler(lambda z: z / 0), 10)


def test_images_are_measured_against_all_of_the_data_with_a_floor(zoo, cache, image_set):
    images, held_out, judge = image_set(300), image_set(200, seed=1), extractor()
    good = measure(replay(images), images, samples=200, held_out=held_out, resamples=10)
    assert good["samples"] == good["floor_samples"] == 200 and good["extractor"] == "fashion-classifier"
    assert good["measure"] == "Fréchet distance (fashion-classifier features, 200 samples)"
    floor = frechet_distance_of(judge.of(held_out), judge.of(images))
    assert good["frechet_floor"] == pytest.approx(floor, rel=1e-9)
    low, high = good["frechet_interval"]
    assert low <= good["frechet"] <= high
    grey = measure(
        Sampler(lambda z: 0.01 * z[:, :1, None, None].expand(-1, 1, 16, 16)),
        images,
        samples=200,
        held_out=held_out,
        resamples=10,
    )
    assert grey["frechet_interval"][0] > 5 * max(good["frechet"], good["frechet_floor"])


def test_the_floor_uses_as_many_images_as_there_are_samples(zoo, cache, image_set):
    images, held_out = image_set(300), image_set(200, seed=1)
    few, many = (
        measure(replay(images), images, samples=n, held_out=held_out, resamples=3) for n in (40, 1000)
    )
    assert (few["floor_samples"], many["floor_samples"]) == (40, 200)
    chosen = torch.randperm(200, generator=seeds.generator(0, purpose="held-out"))[:40]
    judge = extractor()
    expected = frechet_distance_of(judge(held_out.tensor(chosen)), judge.of(images))
    assert few["frechet_floor"] == pytest.approx(expected, rel=1e-4)
    assert few["frechet_floor"] > 1.2 * many["frechet_floor"]


def test_a_report_is_repeatable(zoo, cache, image_set):
    arguments = {"samples": 50, "held_out": image_set(60, seed=1), "resamples": 5, "extractor": extractor()}
    images = image_set(100)
    first = measure(replay(images), images, **arguments)
    assert first == measure(replay(images), images, **arguments)
    assert first != measure(replay(images), images, seed=1, **arguments)


def test_points_of_known_density_are_counted_by_mode():
    ring = data.open("toy/ring8")
    two = ring.density.means[:2].float()
    collapsed = measure(Sampler(lambda z: two[(z[:, 0] > 0).long()]), ring, samples=600)
    assert (collapsed["modes"], collapsed["total_modes"], collapsed["high_quality"]) == (2, 8, 1.0)
    noise = measure(Sampler(lambda z: 0.1 * z), "toy/ring8", samples=600)
    assert (noise["modes"], noise["high_quality"]) == (0, 0)


def test_points_about_a_curve_are_measured_by_their_distance_to_it():
    roll = data.open("toy/swiss-roll")
    walker = Sampler(lambda z: roll.curve[(z[:, 0].abs() * 1e6).long() % len(roll.curve)])
    on_it = measure(walker, roll, samples=100)
    assert on_it["distance_to_curve"] < 1e-4 and "modes" not in on_it
    off_it = measure(Sampler(lambda z: 100 + z), roll, samples=100)
    assert off_it["distance_to_curve"] > 100


def test_an_unknown_extractor_is_refused(image_set):
    with pytest.raises(UsageError, match="no feature extractor"):
        measure(replay(image_set()), image_set(), samples=10, extractor="mona-lisa")


def test_the_caption_has_everything_that_the_number_depends_on(zoo):
    assert caption(extractor(), 10_000) == "Fréchet distance (fashion-classifier features, 10,000 samples)"


def test_a_classifier_is_measured_by_its_accuracy(classifier, image_set):
    images = image_set(50)
    guesses = classifier(images.tensor(slice(0, 50))).argmax(1).numpy()
    method = SimpleNamespace(classifier=classifier)
    held_out = ImageSet("labelled", images.images, np.where(np.arange(50) < 10, (guesses + 1) % 10, guesses))
    assert measure(method, images, held_out=held_out) == {"data": "labelled", "samples": 50, "accuracy": 0.8}


def test_a_judge_of_factors_is_measured_factor_by_factor(image_set):
    images = image_set(400)
    mean, corner = images.images.mean((1, 2, 3)) / 127.5 - 1, images.images[:, 0, 0, 0] > 127
    factors = np.stack([mean, corner, mean], 1).astype(np.float32)

    class Judge(nn.Module):
        """Reads the mean rightly, the corner in three of four images, and calls everything average at last."""

        def __init__(self):
            super().__init__()
            self.scale, self.seen = nn.Parameter(torch.tensor(1.0)), 0

        def forward(self, x):
            number = torch.arange(self.seen, self.seen + len(x))
            self.seen += len(x)
            sign = torch.where(number % 4 == 0, -1.0, 1.0)
            average = torch.full((len(x),), float(mean.mean()))
            return self.scale * torch.stack([x.mean((1, 2, 3)), sign * x[:, 0, 0, 0], average], 1)

    held_out = ImageSet("faces", images.images, factors=factors, factor_names=("tone", "corner", "guess"))
    method = SimpleNamespace(classifier=Judge())
    found = measure(method, images, held_out=held_out)
    assert found["accuracy"] == found["accuracy/corner"] == 0.75
    assert found["r2/tone"] == pytest.approx(1, abs=1e-6) and found["r2/guess"] == pytest.approx(0, abs=1e-6)
    assert found["r2"] == pytest.approx(0.5, abs=1e-6)
    assert (found["data"], found["samples"]) == ("faces", 400)


def test_faces_are_measured_by_their_own_judge(image_set):
    assert suited(image_set(3)) == "fashion-classifier"
    assert suited(ImageSet("faces", np.zeros((2, 3, 32, 32), np.uint8))) == "faces-judge"
    assert suited(ImageSet("faces-correlated", np.zeros((2, 3, 64, 64), np.uint8))) == "faces-judge-64"
