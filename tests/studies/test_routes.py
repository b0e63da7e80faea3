"""The study of routes: what it compares, and what its record says."""

import pytest
import torch

from course_lib import recipes, records, studies
from course_lib.data import DataSpec
from course_lib.data.faces import NAMES
from course_lib.evaluation import features
from course_lib.inversion.route_runs import RouteRunSettings
from course_lib.inversion.routes.optimisation import Optimisation
from course_lib.methods.hyperstyle import HyperStyleSettings
from course_lib.methods.latent_encoder import LatentEncoderSettings
from course_lib.networks.latent_encoder import LatentEncoder, code_shape
from course_lib.networks.style import StyleGenerator
from course_lib.networks.weight_offsets import HyperNetwork
from course_lib.objectives.attributes import binary_columns
from course_lib.studies.catalogue import inversion
from course_lib.studies.catalogue.routes import STUDIES, answer_of

ORDER = [  # holds here in every seed
    ("pivot alone, 80 steps in W", "encoder"),
    ("features, 80 steps", "pivot alone, 80 steps in W"),
    ("tuned, 80 and 60 steps", "pivot alone, 80 steps in W"),
]


@pytest.mark.parametrize("variant", STUDIES["inversion-routes"].variants)
def test_a_variant_is_its_route(variant, monkeypatch):
    from course_lib.inversion import route_runs

    changes = dict(STUDIES["inversion-routes"].variants[variant])
    plan = recipes.resolve("routes-stylegan-faces", "book", **changes)
    method = recipes.build(plan, DataSpec((3, 32, 32)))
    asked = []
    monkeypatch.setattr(route_runs, "invert", lambda *args, **options: asked.append((args[2:], options)))
    method.search(torch.zeros(2, 3, 32, 32))
    ((by, space), options) = asked[0]
    assert by == changes.get("by", "encoder") and space == changes.get("space", "w+")
    assert options.get("steps") == (None if by == "encoder" else changes.get("search_steps", 80))
    assert ("tuning_steps" in options) == (by == "tuned")
    # a hybrid differs from the search in its start alone
    assert by != "hybrid" or options["rate"] == Optimisation().rate


def test_images_that_nobody_asks_for_are_not_drawn(monkeypatch):
    """The turned faces take the longest to draw, and the encoders are not asked about them."""
    monkeypatch.setattr(inversion, "turned", lambda *_: pytest.fail("turned faces were drawn"))
    line = studies.measured("inversion-encoders", "pSp", 0, "smoke")
    assert "unseen/psnr" in line["measures"][-1] and "generated/psnr" in line["measures"][-1]


def test_the_record_says_in_which_order_routes_come():
    record = records.read("inversion-routes")
    assert studies.STUDIES["inversion-routes"].variants.keys() == set(record.variants)
    unseen = {name: record.final(name, "unseen/psnr") for name in record.variants}
    own = {name: record.final(name, "generated/psnr") for name in record.variants}
    assert all(len(values) >= 3 for values in unseen.values())
    for psnr in (unseen, own):  # seed by seed, on the same images
        for better, worse in ORDER:
            assert all(a > b for a, b in zip(psnr[better], psnr[worse], strict=True)), (better, worse)


def test_the_record_of_encoders_is_whole_and_on_the_images_of_the_routes():
    """The page sets HyperStyle's row beside that of the encoder whose codes it takes, seed by seed."""
    record, study = records.read("inversion-encoders"), studies.STUDIES["inversion-encoders"]
    assert study.variants.keys() == set(record.variants)
    for line in record.lines:
        plan = recipes.resolve(line["recipe"], "book", **line["changes"])
        assert line["measures"][-1]["step"] == plan.settings["data"].steps and line["failure"] is None
    assert all(len(record.final(name, "unseen/psnr")) == 3 for name in record.variants)
    assert recipes.find("hyperstyle-faces").pretrained == recipes.find("routes-stylegan-faces").pretrained


@pytest.fixture
def networks():
    torch.manual_seed(0)
    generator = StyleGenerator(6, 5, 16, 1, base=64, most=6, depth=2).requires_grad_(False).eval()
    encoder = LatentEncoder(1, 16, code_shape(generator, "w+"), 4, 4).eval().requires_grad_(False)
    torch.nn.init.normal_(encoder.heads[0][-3].weight, 0, 0.1)
    hyper = HyperNetwork(hyper_width=4, rank=2).upon({"generator": generator})
    built = {**hyper.build(DataSpec((1, 16, 16))), "encoder": encoder, "generator": generator}
    for head in built["hypernetwork"].outputs:
        torch.nn.init.normal_(head.weight, 0, 0.1)
    return built


SHORT = {"search_steps": 2, "pool": 8, "tuning_steps": 3}
ANSWERS = {
    "encoder": RouteRunSettings(**SHORT),
    "search": RouteRunSettings(by="optimisation", **SHORT),
    "tuned": RouteRunSettings(by="tuned", space="w", tuning_rate=0.1, **SHORT),
    "learned": LatentEncoderSettings(perceptual=0.0),
    "hyperstyle": HyperStyleSettings(perceptual=0.0),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_edit_of_size_0_is_no_edit_and_any_other_moves_the_picture_by_what_made_it(kind, networks):
    method = ANSWERS[kind].build(networks)
    images = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    answer = answer_of(method, images)
    with torch.no_grad():
        torch.testing.assert_close(answer.image(answer.codes), answer.made, rtol=1e-4, atol=1e-5)
        moved = answer.image(answer.codes + 0.5)
        by_own_weights = networks["generator"].synthesis(
            answer.codes if answer.codes.ndim == 3 else networks["generator"].broadcast(answer.codes)
        )
    assert (moved - answer.made).abs().max() > 1e-3
    changed = (by_own_weights - answer.made).abs().max() > 1e-4
    assert changed == (kind in ("tuned", "hyperstyle")), "weights of their own"


def test_features_that_are_free_cannot_be_edited_by_codes(networks):
    method = RouteRunSettings(by="feature-space", **SHORT).build(networks)
    images = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert answer_of(method, images).image is None


def test_edits_are_of_what_the_codes_show():
    """The generator's own codes move; a picture that no code reaches stays."""
    judge = features.extractor("faces-judge")
    generator = recipes.load("stylegan-faces").networks["generator"]
    binary = binary_columns(torch.tensor(recipes.open_data(recipes.resolve("judge-faces"))[0].factors[:200]))
    with torch.no_grad():
        codes = generator.mapping(
            torch.randn(16, generator.latent, generator=torch.Generator().manual_seed(0))
        )
        still = generator.synthesis(generator.broadcast(codes))
    run = ("stylegan-faces", codes)
    moving = inversion.edits(*run, lambda c: generator.synthesis(generator.broadcast(c)), judge, binary)
    nothing = inversion.edits(*run, lambda c: still, judge, binary)
    assert set(nothing) == {f"edit/{n}/{k}" for n in inversion.EDITED for k in ("wanted", "others")}
    assert set(nothing.values()) == {0.0} and set(inversion.EDITED) <= set(NAMES)
    assert moving["edit/background/wanted"] > moving["edit/background/others"] > 0
