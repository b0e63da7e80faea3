"""Walks along one dimension, and what they change: by construction, and read off sprites whose factors are known."""

import pytest
import torch

from course_lib import data
from course_lib.errors import UsageError
from course_lib.evaluation.traversals import (
    SPRITE_PROPERTIES,
    effects,
    sprite_readings,
    traversal,
)


def drawn(n, d, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_a_walk_changes_one_dimension():
    codes, values = drawn(3, 4), torch.tensor([-1.0, 0.0, 2.0])
    walked = traversal(codes, 2, values)
    assert walked.shape == (3, 3, 4) and torch.equal(walked[:, :, 2], values.expand(3, 3))
    kept = [0, 1, 3]
    assert torch.equal(walked[:, :, kept], codes[:, None, kept].expand(3, 3, 3))
    with pytest.raises(UsageError, match="dimensions 0 to 3"):
        traversal(codes, 4, values)


def test_effects_are_those_of_the_slopes():
    """Two properties of three dimensions: a line of the first two with deviation 5, and a constant."""

    def read(codes):
        return torch.stack([3 * codes[:, 0] - 4 * codes[:, 1], torch.ones(len(codes))], 1)

    found = effects(read, drawn(20_000, 3))
    assert found.spreads.tolist() == pytest.approx([5, 0], abs=0.1)
    expected = torch.tensor([[12 / 5, 0], [16 / 5, 0], [0, 0]], dtype=torch.float64)
    torch.testing.assert_close(found.changes, expected, rtol=0.02, atol=1e-9)
    assert found.changed(0) == [0] and found.changed(2) == []
    with pytest.raises(UsageError, match="at least two codes"):
        effects(read, drawn(1, 3))


def test_a_property_that_turns_back_is_seen():
    """At both ends the same, but not between them: only its spread tells, and the ends do not."""
    found = effects(lambda codes: codes[:, :1].square(), drawn(500, 1))
    assert found.changes.item() == 0 and found.spreads.item() > 1
    assert effects(lambda codes: codes[:, :1].square(), drawn(500, 1), low=0).changes.item() > 1


def test_place_size_and_colour_of_sprites_are_read_off_their_pictures():
    sprites = data.open("sprites-colour", resolution=64, split="test")
    numbers = torch.arange(0, 10_000, 40)
    found = sprite_readings(sprites.tensor(numbers))
    factors = torch.from_numpy(sprites.factors[numbers.numpy()]).double()
    hearts = factors[:, 0] == 2  # whose middle is not the point that they are placed by
    for name, tolerance in (("x", 0.01), ("y", 0.01), ("red", 0.01), ("green", 0.01), ("blue", 0.01)):
        true = factors[:, sprites.factor_names.index(name)]
        read = found[:, SPRITE_PROPERTIES.index(name)]
        torch.testing.assert_close(read[~hearts], true[~hearts], atol=tolerance, rtol=0)
        torch.testing.assert_close(read[hearts], true[hearts], atol=0.08, rtol=0)
    # within one shape the side of a sprite is proportional to its scale
    squares = factors[:, 0] == 0
    sizes, scales = found[squares, 2], factors[squares, 1]
    assert torch.corrcoef(torch.stack([sizes, scales]))[0, 1] > 0.99


def test_grey_and_black_pictures_have_readings_too():
    white = torch.full((1, 1, 16, 16), -1.0)
    white[:, :, 6:10, 6:10] = 1
    found = sprite_readings(torch.cat([white, torch.full_like(white, -1.0)]))
    assert found[0].tolist() == pytest.approx([0.5, 0.5, 0.25, 1, 1, 1])
    assert found[1].tolist() == pytest.approx([0.5, 0.5, 0, 0, 0, 0])
