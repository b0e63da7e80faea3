"""A mask that no face of the data set wears."""

import torch

from course_lib.data import faces
from course_lib.data.faces.covered import CLOTH, ahead, masked
from course_lib.data.faces.factors import COLUMN, factors_of


def test_a_mask_covers_the_mouth_and_nothing_else():
    factors = ahead(factors_of(range(8), "test"))
    before = faces.draw(factors, 32)
    after = masked(before)
    changed = (after - before).abs().amax((0, 1)) > 1e-3
    rows, columns = changed.nonzero().unbind(1)
    assert rows.min() >= 14 and rows.max() <= 27 and columns.min() >= 8 and columns.max() <= 23
    assert after.min() >= -1 and after.max() <= 1
    # in its middle there is cloth, whatever lies below: no factor of the face shows through
    assert after[:, :, 22, 16].std(0).max() < 1e-6
    assert torch.equal(after[:, 2, 24, 16] > after[:, 0, 24, 16], torch.ones(8, dtype=torch.bool))
    assert CLOTH[2] > CLOTH[0]


def test_faces_that_look_ahead():
    factors = factors_of(range(4), "test")
    turned = ahead(factors)
    assert (turned[:, [COLUMN["yaw"], COLUMN["roll"]]] == 0).all() and factors[
        :, COLUMN["yaw"]
    ].abs().min() > 0
    others = [k for k in range(factors.shape[1]) if k not in (COLUMN["yaw"], COLUMN["roll"])]
    assert torch.equal(turned[:, others], factors[:, others])
