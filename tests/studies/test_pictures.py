"""Pictures in a line of a record."""

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.records import Record
from course_lib.studies import pictures
from course_lib.studies.pictures import as_text, from_text


def test_pictures_come_back_from_text_to_the_last_level():
    levels = torch.randint(0, 256, (5, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    images = levels / 127.5 - 1
    assert torch.equal(from_text(as_text(images)), images)
    assert from_text(as_text(images + 3)).max() == 1  # what lies beyond white is white


def test_a_record_without_pictures_is_one_sentence():
    images = torch.full((2, 3, 4, 4), 1.0)
    lines = [
        {"variant": "bare", "measures": [{}]},
        {"variant": "bare", "measures": [{"shown": as_text(images)}]},
    ]
    record = Record("some-study", tuple(lines), {})
    assert torch.equal(pictures.of(record, "bare", "shown"), images), "of the first seed that has some"
    for variant, name in (("bare", "pictures"), ("other", "shown")):
        with pytest.raises(CourseError, match=f"keeps no '{name}' of the variant '{variant}'.*some-study"):
            pictures.of(record, variant, name)
