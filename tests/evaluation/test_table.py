"""The table: what is printed, and that its columns stand under each other."""

import pytest

from course_lib.evaluation.table import brief, shown, table

NUMBERS = {
    "measure": "Fréchet distance (fashion-classifier features, 10,000 samples)",
    "data": "fashion-mnist",
    "samples": 10_000,
    "seed": 0,
    "extractor": "fashion-classifier",
    "frechet": 1.38728,
    "frechet_interval": (1.31435, 1.48457),
    "frechet_floor": 0.016005092,
    "floor_samples": 9_000,
    "reference_samples": 8_000,
    "recall": 0.76271,
    "recall_interval": [0.75, 0.775],
    "recall_floor": 0.885,
    "score": 4.30843,
    "score_interval": [4.277, 4.341],
    "score_floor": 5.36593,
}


def test_each_measure_has_a_line_with_its_interval_and_its_floor():
    text = table(NUMBERS, "runs/mine")
    lines = text.splitlines()
    assert lines[0].startswith("runs/mine against fashion-mnist: 10,000 samples (seed 0)")
    cells = {
        line.split("  ")[0].strip(): line.split()[-5:] for line in lines if " to " in line and "." in line
    }
    assert cells["Fréchet distance ↓"] == ["1.387", "1.314", "to", "1.485", "0.01601"]
    assert cells["recall ↑"] == ["0.7627", "0.7500", "to", "0.7750", "0.8850"]
    assert cells["classifier score (fashion-classifier) ↑"] == ["4.308", "4.277", "to", "4.341", "5.366"]
    assert "8,000" in text and "9,000" in text and "kernel" not in text
    assert "as recorded" in text  # these numbers do not say what their intervals hold
    rows = lines[2:7]
    assert len({len(row) for row in rows}) == 1  # columns stand under each other
    assert max(map(len, lines)) <= 110


def test_the_table_says_what_intervals_hold_and_where_there_is_none():
    text = table(NUMBERS | {"intervals": "the expectation", "recall_interval": None}, "x")
    assert "hold the expectation at this number of samples in 95 %" in text and "as recorded" not in text
    recall = next(line for line in text.splitlines() if line.startswith("recall"))
    assert recall.split() == ["recall", "↑", "0.7627", "–", "0.8850"]
    assert max(map(len, text.splitlines())) <= 110


def test_on_inception_it_is_called_fid():
    text = table(NUMBERS | {"extractor": "inception"}, "x")
    assert "FID ↓" in text and "Inception score ↑" in text and "Fréchet" not in text


def test_points_and_classifiers_have_a_line_a_number():
    assert table({"data": "toy/ring8", "modes": 8, "high_quality": 0.98765}, "x").splitlines() == [
        "data          toy/ring8",
        "modes         8",
        "high_quality  0.9877",
    ]


def test_a_brief_leaves_out_what_belongs_beside_the_values():
    assert brief(NUMBERS).endswith("frechet 1.387, recall 0.7627, score 4.308")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00015, "0.00015"),
        (-0.00016, "-0.00016"),
        (0.0, "0.00000"),
        (12345.6, "12,346"),
        (3, "3"),
        (1.0, "1.000"),
    ],
)
def test_numbers_have_four_digits(value, text):
    assert shown(value) == text
