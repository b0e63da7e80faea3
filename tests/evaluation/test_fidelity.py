"""All measures at once: what each says of samplers whose quality is known, and what the dictionary holds."""

from dataclasses import replace

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.evaluation import fidelity
from course_lib.evaluation.features import extractor
from course_lib.evaluation.fidelity import MEASURES, compare, title
from course_lib.evaluation.frechet import Reference, frechet_distance_of
from course_lib.evaluation.kernel import kernel_distance
from course_lib.evaluation.manifold import density_coverage, precision_recall
from course_lib.evaluation.sample_size import frechet_at_infinity
from course_lib.evaluation.score import classifier_score

ALWAYS = [name for name in MEASURES if name != "frechet_limit"]


@pytest.fixture
def world(zoo, cache, image_set):
    """(judge, data, held-out images), and generated images that are other pictures of the same kind."""
    judge = extractor()
    # an untrained classifier is sure of nothing, and its score is 1 for all
    judge.network.head.weight.mul_(50)
    return judge, image_set(150), image_set(120, seed=1)


def drawn(image_set, n, seed):
    return image_set(n, seed).tensor(slice(0, n))


def test_every_measure_is_its_own_function_of_the_features(world, image_set):
    judge, data, held_out = world
    x = drawn(image_set, 120, 2)
    found = compare(x, data, held_out, judge, resamples=3)
    features, floor, real = judge(x), judge.of(held_out), data_features(judge, data, 120)
    for name, of in (("", features), ("_floor", floor)):
        precision, recall = precision_recall(of, real)
        density, coverage = density_coverage(of, real)
        expected = {
            "frechet": frechet_distance_of(of, judge.of(data)),
            "kernel": kernel_distance(of, real),
            "precision": precision,
            "recall": recall,
            "density": density,
            "coverage": coverage,
            "score": classifier_score(judge.read(of)),
        }
        got = {measure: found[f"{measure}{name}"] for measure in expected}
        assert got == pytest.approx(expected, rel=1e-3, abs=1e-9)
    assert found["score"] > 1.01


def data_features(judge, data, n):
    return Reference(judge, data).features(n)


def test_the_dictionary_is_flat_and_every_measure_has_its_three_entries(world, image_set):
    judge, data, held_out = world
    found = compare(drawn(image_set, 80, 2), data, held_out, judge, resamples=5)
    for name in ALWAYS:
        interval = found[f"{name}_interval"]
        # eighty samples are too few for an interval of recall
        assert (interval is None and name == "recall") or interval[0] <= found[name] <= interval[1]
        assert isinstance(found[f"{name}_floor"], float)
    about = {
        "measure",
        "data",
        "samples",
        "seed",
        "extractor",
        "intervals",
        "floor_samples",
        "reference_samples",
    }
    assert found["intervals"] == "the expectation"
    assert set(found) == about | {f"{n}{end}" for n in ALWAYS for end in ("", "_interval", "_floor")}
    assert (found["samples"], found["floor_samples"], found["reference_samples"]) == (80, 80, 80)
    many = compare(drawn(image_set, 200, 2), data, held_out, judge, resamples=5)
    assert (many["samples"], many["floor_samples"], many["reference_samples"]) == (200, 120, 150)


def test_copies_are_better_than_fresh_images_and_one_image_is_worst(world, image_set):
    judge, data, held_out = world
    copies = compare(data.tensor(slice(0, 150)), data, held_out, judge, resamples=3)
    fresh = compare(drawn(image_set, 150, 2), data, held_out, judge, resamples=3)
    single = compare(data.tensor([0]).repeat(150, 1, 1, 1), data, held_out, judge, resamples=3)
    # memorised images: nothing here sees what is wrong with them
    assert copies["frechet"] < 1e-6 and copies["recall"] == copies["coverage"] == copies["precision"] == 1
    assert copies["kernel"] < fresh["kernel_interval"][1]
    assert fresh["frechet"] < single["frechet"] and fresh["coverage"] > 0.5 > 0.2 > single["coverage"]
    assert (
        single["precision"] == 1 and single["recall"] < 0.1 and single["score"] == pytest.approx(1, abs=1e-5)
    )


def test_what_is_known_of_the_data_is_computed_once(world, image_set, monkeypatch):
    judge, data, held_out = world
    x = drawn(image_set, 60, 2)
    first = compare(x, data, held_out, judge, resamples=3)
    asked = []
    monkeypatch.setattr(type(judge), "of", lambda *of: asked.append(of))
    monkeypatch.setattr(fidelity, "manifold", lambda *of: asked.append(of))
    monkeypatch.setattr(fidelity, "kernel_mean", lambda *of: asked.append(of))
    assert compare(x, data, held_out, judge, resamples=3) == first and asked == []


def test_a_judge_of_attributes_gives_no_score(world, image_set):
    judge, data, held_out = world
    found = compare(drawn(image_set, 60, 2), data, held_out, replace(judge, exclusive=False), resamples=3)
    assert not any(name.startswith("score") for name in found) and "coverage" in found


def test_the_limit_is_there_when_asked_for(world, image_set):
    judge, data, held_out = world
    x = drawn(image_set, 100, 2)
    found = compare(x, data, held_out, judge, resamples=3, extrapolate=True)
    against = Reference(judge, data).statistics()
    assert found["frechet_limit"] == pytest.approx(frechet_at_infinity(judge(x), against).limit, rel=1e-6)
    assert len(found["frechet_limit_interval"]) == 2 and "frechet_limit_floor" in found


def test_only_on_inception_do_measures_bear_its_names():
    assert [title(name, "inception") for name in ("frechet", "kernel", "score")] == [
        "FID",
        "KID",
        "Inception score",
    ]
    for name in ("frechet", "kernel", "score"):
        ours = title(name, "fashion-classifier")
        assert "Inception" not in ours and "ID" not in ours
    assert title("score", "fashion-classifier") == "classifier score (fashion-classifier)"
    assert title("recall", "inception") == title("recall", "fashion-classifier") == "recall"


def test_too_few_samples_are_refused(world, image_set):
    judge, data, held_out = world
    with pytest.raises(CourseError, match="more samples"):
        compare(drawn(image_set, 9, 2), data, held_out, judge)


def test_samples_that_have_no_features_are_refused(world):
    judge, data, held_out = world
    with pytest.raises(CourseError, match="fashion-classifier"):
        compare(torch.zeros(20, 3, 16, 16), data, held_out, judge)
