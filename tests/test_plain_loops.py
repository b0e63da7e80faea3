"""The plain loops that the benchmarks compare with: they train, and compute what the course computes."""

import pytest
import torch


def test_the_plain_loop_trains_both_players(bench):
    plain = bench("plain")
    from course_lib import data
    from course_lib.networks import dcgan

    torch.manual_seed(0)
    networks = dcgan.Generator(64, 1, 16, 4), dcgan.Discriminator(1, 16, 4)
    before = [[p.clone() for p in network.parameters()] for network in networks]
    images = data.open("digits", resolution=16).images
    steps = plain.train(*networks, images, batch=8, lr=1e-3, workers=0, device="cpu")
    next(steps), next(steps)
    for network, old in zip(networks, before, strict=True):
        assert all(not torch.equal(p, q) for p, q in zip(network.parameters(), old, strict=True))
    x, _ = plain.Pictures(images, 16)[3]
    torch.testing.assert_close(x, data.open("digits", resolution=16).tensor(3)[0])  # the same pixels as ours


def test_the_plain_penalty_is_the_courses(bench):
    """The other side makes no mistake that would make it slower or faster: one epsilon and one norm a sample."""
    plain = bench("plain_wgan_gp")
    from course_lib.networks import dcgan
    from course_lib.objectives.wasserstein import gradient_penalty, interpolates

    torch.manual_seed(0)
    critic = dcgan.Discriminator(1, 8, 4, norm="none")
    real, fake = torch.randn(2, 5, 1, 8, 8)
    torch.manual_seed(1)
    theirs = plain.gradient_penalty(critic, real, fake)
    torch.manual_seed(1)
    x = interpolates(real, fake, torch.rand(5)).requires_grad_(True)
    torch.testing.assert_close(theirs, gradient_penalty(critic(x), x))


def test_the_plain_wgan_gp_loop_trains_both_players(bench):
    plain = bench("plain_wgan_gp")
    from course_lib import data
    from course_lib.networks import dcgan

    torch.manual_seed(0)
    networks = dcgan.Generator(64, 1, 16, 4), dcgan.Discriminator(1, 16, 4, norm="none")
    before = [[p.clone() for p in network.parameters() if p.ndim > 1] for network in networks]
    images = data.open("digits", resolution=16).images
    options = {"batch": 4, "lr": 1e-3, "critic_steps": 2, "workers": 0, "device": "cpu"}
    steps = plain.train(*networks, images, **options)
    next(steps), next(steps)
    for network, old in zip(networks, before, strict=True):
        new = [p for p in network.parameters() if p.ndim > 1]
        assert all(not torch.equal(p, q) for p, q in zip(new, old, strict=True))


@pytest.mark.parametrize("part", ["discriminator", "generator"])
def test_the_plain_step_of_the_attention_gan_updates_both_players(bench, part):
    plain = bench("plain_sagan")
    from course_lib import data
    from course_lib.networks.attention import AttentionPair

    torch.manual_seed(0)
    dataset = data.open("digits", resolution=16)
    pair = AttentionPair(latent=6, generator_width=4, discriminator_width=4, at=8).build(
        data.spec_of(dataset)
    )
    before = {name: p.detach().clone() for name, p in pair[part].named_parameters()}
    steps = plain.train(
        pair["generator"], pair["discriminator"], dataset.images, batch=4, workers=0, device="cpu"
    )
    next(steps), next(steps)
    # of the second step: at the first one gamma is 0, and hides the weights of attention
    assert all(not torch.equal(p, before[name]) for name, p in pair[part].named_parameters() if p.ndim > 1)


def test_the_plain_step_of_cyclegan_is_the_course_s_own(bench):
    """From the same weights and images, with a pool that only fills: the same update of all four networks."""
    plain = bench("plain_cyclegan")
    from course_lib import data
    from course_lib.data.batches import Batch
    from course_lib.methods.cyclegan import CycleGANSettings
    from course_lib.networks.translation import CycleNetworks
    from course_lib.seeds import Draw

    dataset = data.open("digits", resolution=16)
    one = dataset.images[:4], dataset.images[4:8]  # a whole set is one batch, whose order does not matter
    narrow = CycleNetworks(4, 1, 1, discriminator_width=4, discriminator_layers=1)

    def networks():
        torch.manual_seed(0)
        return narrow.build(data.spec_of(dataset, dataset))

    theirs = torch.nn.ModuleDict(networks())
    next(plain.train(theirs, *one, batch=4, lr=2e-4, workers=0, device="cpu"))
    ours = CycleGANSettings(decay=0.0).build(networks())
    x, y = (dataset.tensor(slice(k, k + 4)) for k in (0, 4))
    ours.step(Batch(x, None, Draw(0, step=0), target=y))
    for name, tensor in ours.networks.state_dict().items():
        torch.testing.assert_close(tensor, theirs.state_dict()[name], atol=2e-5, rtol=1e-3, msg=name)


@pytest.mark.parametrize("codes", ["dense", "rows"])
def test_the_plain_glo_step_is_the_courses(bench, codes):
    plain_glo = bench("plain_glo")
    from course_lib import data, seeds
    from course_lib.data.batches import Batch
    from course_lib.data.images import ImageSet
    from course_lib.methods.glo import GLO, GLOSettings
    from course_lib.networks import dcgan

    digits = ImageSet("digits", data.open("digits", resolution=16).images[:24])

    def generator():
        torch.manual_seed(0)
        return dcgan.Generator(4, 1, 16, 4)

    theirs, steps = generator(), []
    options = {"batch": 8, "levels": 2, "codes": codes, "device": "cpu", "seed": 3}
    for step, table in enumerate(plain_glo.train(theirs, digits.images, **options)):
        steps.append(table.clone())
        if step == 3:  # into the second epoch
            break
    draw = torch.Generator().manual_seed(3)
    method = GLO(generator(), GLOSettings(levels=2))
    method.prepare(digits)
    method.codes().draw(24, draw)
    order = torch.cat([torch.randperm(24, generator=draw) for _ in range(2)])
    for step, table in enumerate(steps):
        index = order[8 * step : 8 * step + 8]
        method.step(Batch(digits.tensor(index.numpy()), None, seeds.Draw(0), None, index))
        torch.testing.assert_close(method.codes().table, table, rtol=1e-3, atol=1e-5)
    for p, q in zip(method.networks["generator"].parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-5)
