"""The report: samplers whose measures are known before they are measured."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import data, seeds
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation import imagenet, inception
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
    good = measure(replay(images), images, samples=200, held_out=held_out, resamples=10, extractor=judge)
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
        extractor=judge,
    )
    assert grey["frechet_interval"][0] > 5 * max(good["frechet"], good["frechet_floor"])


def test_the_floor_uses_as_many_images_as_there_are_samples(zoo, cache, image_set):
    images, held_out = image_set(300), image_set(200, seed=1)
    few, many = (
        measure(
            replay(images), images, samples=n, held_out=held_out, resamples=3, extractor="fashion-classifier"
        )
        for n in (40, 1000)
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


def of_shape(name, channels, resolution):
    return ImageSet(name, np.zeros((2, channels, resolution, resolution), np.uint8))


@pytest.mark.parametrize(
    ("name", "channels", "resolution", "expected"),
    [
        ("fashion-mnist", 1, 32, "fashion-classifier"),
        ("fashion-mnist:images=1000", 1, 32, "fashion-classifier"),
        ("mnist:resize=bilinear,held-out=32", 1, 32, "fashion-classifier"),
        ("digits", 1, 16, "digits-classifier"),
        ("faces", 3, 32, "faces-judge"),
        ("faces-correlated", 3, 64, "faces-judge-64"),
    ],
)
def test_a_set_is_measured_by_the_classifier_that_was_taught_on_it(name, channels, resolution, expected):
    assert suited(of_shape(name, channels, resolution)) == expected


OTHERS = [
    ("/photos", 3, 64),
    ("digits", 1, 32),
    ("fashion-mnist", 1, 64),
    ("/scans", 1, 32),
    ("faces", 3, 128),
]


@pytest.mark.parametrize("images", OTHERS)
def test_other_pictures_are_measured_by_a_network_for_all_of_them(images, monkeypatch, tmp_path):
    monkeypatch.setattr(inception, "found", lambda: None)
    monkeypatch.setattr(imagenet, "weights", lambda: tmp_path)
    assert suited(of_shape(*images)) == "efficientnet-lite0"
    monkeypatch.setattr(imagenet, "weights", lambda: None)
    monkeypatch.setattr(inception, "found", lambda: tmp_path)
    assert suited(of_shape(*images)) == "inception"
    monkeypatch.setattr(inception, "found", lambda: None)
    if images[1:] == (1, 32):
        assert suited(of_shape(*images)) == "fashion-classifier", "which takes grey pictures of this size"
        return
    with pytest.raises(
        CourseError, match=r"no classifier was taught on .*pip install .course-lib\[features\]"
    ):
        suited(of_shape(*images))


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (torch.zeros(3, 1, 16, 16, dtype=torch.uint8), r"torch.uint8: give `x / 127.5 - 1`"),
        (torch.linspace(0, 1, 3 * 256).reshape(3, 1, 16, 16), r"these 3 lie in \[0, 1\]"),
        (torch.linspace(0, 255, 3 * 256).reshape(3, 1, 16, 16), "reach from 0 to 255"),
        (torch.full((3, 1, 16, 16), torch.nan), "not finite"),
        (torch.zeros(1, 16, 16), r"not \(1, 16, 16\)"),
        (torch.zeros(0, 1, 16, 16), r"N ≥ 1"),
        (np.zeros((3, 1, 16, 16), np.float32), r"are a tensor"),
    ],
)
def test_what_an_extractor_would_misread_is_refused(zoo, images, said):
    with pytest.raises(CourseError, match=said):
        extractor()(images)


def test_dark_bright_and_slightly_overflowing_images_are_images(zoo):
    ramp = torch.linspace(-1, 1, 3 * 256).reshape(3, 1, 16, 16)
    for images in (ramp, 1.2 * ramp, 0.9 + 0.1 * ramp, -0.5 + 0.5 * ramp, torch.ones(3, 1, 16, 16), ramp[2:]):
        assert extractor()(images).isfinite().all()


@pytest.mark.parametrize("count", [0, -3, 10**13])
def test_impossible_numbers_of_samples_are_refused(zoo, image_set, count):
    with pytest.raises(UsageError, match="ask for"):
        measure(replay(image_set()), image_set(), samples=count, extractor="fashion-classifier")


def test_stacked_digits_are_measured_by_the_numbers_that_are_read():
    digits = data.open("stacked-digits", resolution=16, split="test")
    found = measure(replay(digits), digits, samples=300)
    assert found["total_modes"] == 1000 and found["extractor"] == "digits-classifier"
    assert 200 < found["modes"] <= 300 and found["kl_to_data"] > 0, "300 draws of 1,000 rarely meet"
    one = measure(Sampler(lambda z: digits.tensor([0] * len(z))), digits, samples=60)
    assert one["modes"] == 1 and one["kl_to_data"] > 5
