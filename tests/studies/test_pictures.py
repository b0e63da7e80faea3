"""Pictures in a line of a record."""

import torch

from course_lib.studies.pictures import kept, shown


def test_pictures_come_back_from_text_to_the_last_level():
    levels = torch.randint(0, 256, (5, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    images = levels / 127.5 - 1
    assert torch.equal(shown(kept(images)), images)
    assert shown(kept(images + 3)).max() == 1  # what lies beyond white is white
