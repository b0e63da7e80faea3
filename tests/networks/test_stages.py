"""The five tables of stages are those of the thesis, layer by layer; and their parameter counts (its figure 27)."""

import pytest

from course_lib.networks.stages import MODELS, Stage, blocks_of, phases, stages

WHOLE = (256, 128, 64, 32, 16, 8)


def test_the_models_of_the_thesis():
    """Tables 2, 4, 6, 8, 10, 12 and 14, and figure 4; epochs by section 7.2.3."""
    assert stages("bgan") == (Stage(256, WHOLE, 128, 44),)
    latents, reals = (8, 16, 32, 64, 128, 256), (4, 8, 16, 32, 64, 128)
    fade = [(4, 0)] + [(8, 4)] * 5
    assert stages("lggan") == tuple(Stage(256, WHOLE[: k + 1], reals[k], *fade[k]) for k in range(6))
    assert stages("bggan") == tuple(Stage(latents[k], WHOLE, reals[k], *fade[k]) for k in range(6))
    columns = [  # of table 4: what each block has at training cycles 1 to 6
        (8, 8, 8, 8, 8, 8), (16, 16, 16, 16, 16, 8), (32, 32, 32, 32, 16, 8),
        (64, 64, 64, 32, 16, 8), (128, 128, 64, 32, 16, 8), WHOLE,
    ]  # fmt: skip
    assert stages("cggan") == tuple(Stage(latents[k], columns[k], reals[k], *fade[k]) for k in range(6))
    rows = [(8,), (16, 8), (32, 16, 8), (64, 32, 16, 8), (128, 64, 32, 16, 8), WHOLE]
    assert stages("clggan") == tuple(Stage(latents[k], rows[k], reals[k], *fade[k]) for k in range(6))


@pytest.mark.parametrize("resolution", [4, 8, 32, 64])
def test_every_model_ends_as_the_baseline(resolution):
    (whole,) = stages("bgan", resolution, first=4, maps=3)
    assert whole.resolution == resolution and whole.channels[-1] == 3
    for model in MODELS:
        table = stages(model, resolution, first=4, maps=3)
        last = table[-1]
        assert (last.latent, last.channels, last.real) == (whole.latent, whole.channels, whole.real)
        assert sum(stage.epochs for stage in table) == whole.epochs
        for before, after in zip(table, table[1:], strict=False):  # nothing is ever taken away
            assert before.latent <= after.latent and before.real * 2 == after.real
            assert all(a <= b for a, b in zip(before.channels, after.channels, strict=False))


def test_phases_share_a_run_by_epochs():
    assert phases(stages("clggan"), 440) == (40,) + (40, 40) * 5
    assert phases(stages("bgan"), 440) == (440,)


def test_what_is_no_model_and_no_resolution():
    with pytest.raises(ValueError, match="model must be bgan"):
        stages("gan")
    for wrong in (3, 12, 100):
        with pytest.raises(ValueError, match="resolution must be"):
            blocks_of(wrong)
