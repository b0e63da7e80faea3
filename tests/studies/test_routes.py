"""The study of routes: what it compares, and what its record says."""

import pytest
import torch

from course_lib import recipes, records, studies
from course_lib.data import DataSpec
from course_lib.studies.catalogue.routes import STUDIES

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


def test_the_record_says_in_which_order_routes_come():
    record = records.read("inversion-routes")
    assert studies.STUDIES["inversion-routes"].variants.keys() == set(record.variants)
    unseen = {name: record.final(name, "unseen/psnr") for name in record.variants}
    own = {name: record.final(name, "generated/psnr") for name in record.variants}
    assert all(len(values) >= 3 for values in unseen.values())
    for psnr in (unseen, own):  # seed by seed, on the same images
        for better, worse in ORDER:
            assert all(a > b for a, b in zip(psnr[better], psnr[worse], strict=True)), (better, worse)
