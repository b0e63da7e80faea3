"""The measures of the page on attention and scale: what a line of each record says."""

import pytest
import torch

from course_lib.studies import runner
from course_lib.studies.catalogue.scale import INGREDIENTS, THRESHOLDS, TOGETHER, overlap


def test_a_line_on_faces_says_where_attention_looks():
    (*_, row) = runner.measured("sagan-faces", "near", 0, "smoke")["measures"]
    assert row["distance/generator"] < row["distance/generator/even"]
    assert {"gamma/generator", "gamma/discriminator", "other/discriminator"} <= row.keys()
    (*_, plain) = runner.measured("sagan-faces", "none", 0, "smoke")["measures"]
    assert not any("/" in name for name in plain)


def test_a_line_on_digits_has_a_point_for_each_threshold():
    (*_, row) = runner.measured("biggan-digits", "together", 0, "smoke")["measures"]
    for name in ("accuracy", "precision", "recall"):
        assert all(0 <= row[f"{name}/{t:g}"] <= 1 for t in THRESHOLDS)
    assert row["frechet"] > 0 and 0 <= row["overlap"] <= 1


def test_together_is_all_ingredients():
    assert len(TOGETHER) == sum(len(changes) for changes in INGREDIENTS.values())


@pytest.mark.parametrize(("weight", "expected"), [(torch.eye(3), 0.0), (torch.ones(3, 2), 1.0)])
def test_overlap_is_0_of_orthogonal_filters_and_1_of_equal_ones(weight, expected):
    class Method:
        def filters(self):
            return [5 * weight, torch.ones(1, 4)]

    assert overlap(Method()) == pytest.approx(expected)
