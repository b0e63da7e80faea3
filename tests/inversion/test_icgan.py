"""IcGAN's step and codes: who sees which images, and what reaches whom."""

import pytest
import torch

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.inversion.icgan import IcGANSettings
from course_lib.networks.condition_encoders import ConditionEncoders
from course_lib.networks.conditional import ConditionalPair
from course_lib.seeds import Draw

N = 12
SPEC = DataSpec((1, 16, 16), classes=4)
ARRANGEMENTS = ["SNG", "IND", "IND-COND"]


def method_of(arrangement="IND", spec=SPEC, conditions="labels", encoders=None, **settings):
    torch.manual_seed(0)
    pair = ConditionalPair(conditions=conditions, noise=5, generator_width=4, discriminator_width=4)
    small = {"noise": 5, "encoder_width": 4, "encoder_hidden": 8} | (encoders or {})
    made = ConditionEncoders(conditions=conditions, arrangement=arrangement, **small).build(spec)
    generator = pair.build(spec)["generator"].requires_grad_(False)
    return IcGANSettings(**settings).build({"generator": generator, **made})


def pictures(step=0):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(N, 1, 16, 16, purpose="data"), torch.arange(N) % 4, draw)


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_a_step_is_two_regressions_on_made_and_on_real_images(arrangement):
    method, twin, batch = method_of(arrangement), method_of(arrangement), pictures()
    encoder, other = twin.networks["encoder"], dict(twin.networks.items()).get("condition_encoder")
    z, y = twin.parts(twin.latents(N, batch.draw.generator("latents")))
    made = twin.networks["generator"].eval()(torch.cat([z, y], 1))
    outputs = encoder(made, y) if arrangement == "IND-COND" else encoder(made)
    z_loss = (outputs[:, :5] - z).square().mean()
    guess = encoder(batch.x)[:, 5:] if other is None else other(batch.x)
    y_loss = (guess - torch.eye(4)[batch.labels]).square().mean()
    twin.update("encoder", z_loss + y_loss if other is None else z_loss)
    if other is not None:
        twin.update("condition_encoder", y_loss)

    before = {k: v.clone() for k, v in method.networks["generator"].state_dict().items()}
    metrics = method.step(batch)
    torch.testing.assert_close(metrics["encoder/z"], z_loss.detach())
    torch.testing.assert_close(metrics["encoder/y"], y_loss.detach())
    for role in method.averaged:
        for p, q in zip(method.networks[role].parameters(), twin.networks[role].parameters(), strict=True):
            assert ((p - q).abs() > 1e-5).float().mean().item() < 0.02
    assert all(torch.equal(v, before[k]) for k, v in method.networks["generator"].state_dict().items())


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_codes_are_z_and_an_admissible_condition_and_leave_no_trace(arrangement):
    method = method_of(arrangement)
    method.step(pictures())
    before = {k: v.clone() for k, v in method.networks.state_dict().items()}
    codes = method.encode(pictures().x)
    z, y = method.parts(codes)
    assert z.shape == (N, 5) and torch.equal(y.sum(1), torch.ones(N)) and method.sample(codes).shape[0] == N
    assert all(torch.equal(v, before[k]) for k, v in method.networks.state_dict().items())
    # each image has the code that it gets alone
    torch.testing.assert_close(method.encode(pictures().x[:3]), codes[:3], rtol=1e-4, atol=1e-5)
    guessed = method_of(arrangement, rounded=False).encode(pictures().x)
    assert not torch.equal(guessed[:, 5:].sum(1), torch.ones(N))


def test_only_the_conditioned_encoder_reads_the_condition():
    x, other = pictures().x, torch.eye(4)[(torch.arange(N) + 1) % 4]
    for arrangement in ARRANGEMENTS:
        method = method_of(arrangement)
        same = torch.equal(method.encoded(x, torch.eye(4)[torch.arange(N) % 4]), method.encoded(x, other))
        assert same == (arrangement != "IND-COND")


def test_encoders_of_another_generator_are_refused():
    with pytest.raises(UsageError, match="--noise"):
        method_of(encoders={"noise": 7})


def test_an_edit_changes_the_condition_and_nothing_else():
    method = method_of()
    codes = method.encode(pictures().x)
    edited = method.edited(codes, 2, 1.0)
    assert torch.equal(edited[:, :5], codes[:, :5]) and torch.equal(
        edited[:, 5:].argmax(1), torch.full((N,), 2)
    )
    faces = DataSpec((3, 16, 16), factor_names=("hat", "smile"))
    told = method_of(spec=faces, conditions="hat, smile")
    codes = told.latents(6, Draw(0).generator("test"))
    edited = told.edited(codes, 1, -1.0)
    assert torch.equal(edited[:, :6], codes[:, :6]) and (edited[:, 6] == -1).all()


@pytest.mark.slow
def test_encoders_learn_a_generator_that_can_be_inverted():
    """Codes of images that the generator makes come back: below a tenth of the error of guessing zero."""
    method = method_of("IND", encoder_lr=5e-3, beta1=0.5, encoders={"encoder_width": 8, "encoder_hidden": 32})
    with torch.no_grad():  # untrained, the generator's contrast is too low to be seen
        for p in method.networks["generator"].parameters():
            p.mul_(8)
    losses = []
    for step in range(150):
        draw = Draw(0, step=step)
        batch = Batch(draw.uniform(64, 1, 16, 16, purpose="data"), torch.arange(64) % 4, draw)
        losses.append(method.step(batch)["encoder/z"].item())
    assert losses[-1] < 0.5 < losses[0]
