"""Data in memory, as a lab has it."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from course_lib.data import Batches, dataset_of, image_set, points
from course_lib.errors import CourseError, UsageError

BYTES = np.random.default_rng(0).integers(0, 256, (20, 3, 8, 8), dtype=np.uint8)
FLOATS = torch.from_numpy(BYTES).float() / 127.5 - 1


@pytest.mark.parametrize(
    "given",
    [
        BYTES,
        FLOATS,
        FLOATS.numpy(),
        FLOATS.double(),
        TensorDataset(FLOATS),
        TensorDataset(FLOATS, torch.arange(20)),
    ],
)
def test_batches_take_images_in_memory(given):
    with Batches(given, 4, seed=0) as batches:
        batch = batches.at(0)
        assert torch.equal(batch.x, FLOATS[batch.index]), "every byte comes back"
        if isinstance(given, TensorDataset) and len(given.tensors) == 2:
            assert torch.equal(batch.labels, batch.index)


def test_batches_take_points_in_memory():
    rows = torch.randn(50, 2)
    with Batches(rows, 1000, seed=0) as batches:
        x = batches.at(0).x
    assert {tuple(row) for row in x.tolist()} == {tuple(row) for row in rows.tolist()}
    assert torch.equal(x, Batches(rows, 1000, seed=0).at(0).x)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (FLOATS * 127.5 + 127.5, "reach from 0 to 255"),
        ((FLOATS + 1) / 2, r"give 2 \* x - 1"),
        (FLOATS * torch.nan, "reach from nan"),
        (BYTES.transpose(0, 2, 3, 1), "channels last: give x.transpose"),
        (BYTES.astype(np.int64), "type int64"),
        (TensorDataset(FLOATS, torch.arange(20), torch.arange(20)), "3 tensors"),
        (TensorDataset(FLOATS, torch.arange(20) - 1), "from 0"),
        (DataLoader(TensorDataset(FLOATS)), "a DataLoader is no data set: give an ImageSet"),
        ([1, 2], "a list is no data set"),
        (torch.full((3, 2), torch.nan), "finite"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(given, said):
    with pytest.raises(UsageError, match=said) as caught:
        Batches(given, 4, seed=0)
    assert "\n" not in str(caught.value)


def test_shapes_are_checked_as_those_of_files():
    with pytest.raises(CourseError, match="square"):
        dataset_of(BYTES[:, :, :4])
    assert image_set(BYTES[:, 0]).shape == (1, 8, 8) and points(np.zeros((3, 2))).shape == (2,)
