"""Routes that need more than codes: encoders, hybrids, tuned weights and features, on a small style generator."""

import copy

import pytest
import torch

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.inversion.invert import invert
from course_lib.inversion.routes.feature_space import feature_space
from course_lib.inversion.routes.tuned import STREAM, Tuned, neighbours, tuned_names
from course_lib.inversion.spaces import space_named
from course_lib.methods.encoding import mean_code
from course_lib.networks.latent_encoder import LatentEncoder, code_shape
from course_lib.networks.own_weights import convolutions, copies, with_own_weights
from course_lib.networks.style import StyleGenerator

FAST = {"steps": 5, "pool": 16}
TUNED = FAST | {"tuning_steps": 4, "tuning_rate": 1e-2, "tuning_distance": "l2"}


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    network = StyleGenerator(6, 5, 16, 1, base=64, most=6, depth=2).double().eval()
    with torch.no_grad():
        network.mean_w.copy_(network.mapping(torch.randn(500, 6).double()).mean(0))
        for layer in network.synthesis.convolutions:
            layer.noise_strength.fill_(0.1)
    return network


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(2)).double() * 2 - 1


def an_encoder(generator, space, iterations=1):
    torch.manual_seed(1)
    network = (
        LatentEncoder(1, 16, code_shape(generator, space), 4, 4, iterations, space=space).double().eval()
    )
    for heads in network.heads:
        torch.nn.init.normal_(heads[-3].weight, 0, 0.3)
    network.mean.copy_(mean_code(generator, space))
    return network


# encoders


@pytest.mark.parametrize(
    ("space", "wanted"), [("z", "z"), ("z", "w"), ("z", "w+"), ("w", "w"), ("w", "w+"), ("w+", "w+")]
)
def test_an_encoders_codes_are_its_answer_in_the_space_that_was_asked_for(generator, images, space, wanted):
    encoder = an_encoder(generator, space)
    found = invert(generator, images, "encoder", wanted, networks={"encoder": encoder})
    with torch.no_grad():
        codes = encoder.mean + encoder(images)
        if space == "z" and wanted != "z":
            codes = generator.mapping(codes)
        if wanted == "w+" and codes.ndim == 2:
            codes = codes[:, None].repeat(1, generator.layers, 1)
        made = (
            generator(codes) if wanted == "z" else generator.synthesis(codes.view(3, -1, 5).expand(3, 6, 5))
        )
    torch.testing.assert_close(found.codes, codes.float())
    torch.testing.assert_close(found.reconstructions, made.float(), rtol=1e-4, atol=1e-5)


def test_an_encoder_of_another_space_is_told(generator, images):
    with pytest.raises(UsageError, match=r"codes of \('w\+', 6, 5\), and those of w are \(5,\)"):
        invert(generator, images, "encoder", "w", networks={"encoder": an_encoder(generator, "w+")})
    with pytest.raises(UsageError, match="at once"):
        invert(generator, images, "encoder", "w", networks={"encoder": an_encoder(generator, "w")}, passes=3)
    with pytest.raises(UsageError, match="role of encoder"):
        invert(generator, images, "encoder", "w")


def test_a_pass_sees_what_the_one_before_reached(generator, images):
    encoder = an_encoder(generator, "w+", iterations=2)
    found = invert(generator, images, "encoder", "w+", networks={"encoder": encoder}, passes=3)
    codes = encoder.mean.expand(3, 6, 5)
    with torch.no_grad():
        for _ in range(3):
            codes = codes + encoder(images, generator.synthesis(codes))
    torch.testing.assert_close(found.codes, codes.float())


class Known(torch.nn.Module):
    """An encoder that knows the answer, and gives its doubt beside it."""

    def __init__(self, codes):
        super().__init__()
        self.codes = torch.nn.Parameter(codes)

    def forward(self, images):
        return self.codes[: len(images)], torch.zeros(len(images))


def test_a_hybrid_begins_where_the_encoder_ends(generator):
    codes = space_named(generator, "w").draw(3, torch.Generator().manual_seed(5)).double()
    with torch.no_grad():
        images = generator.synthesis(generator.broadcast(codes))
    exact = invert(generator, images, "hybrid", "w", networks={"encoder": Known(codes)}, steps=3)
    assert exact.losses.max() < 1e-12, "the first pass sees the encoder's codes, which nothing can better"
    near = Known(codes + 0.05)
    short = invert(generator, images, "hybrid", "w", networks={"encoder": near}, steps=40)
    plain = invert(generator, images, "encoder", "w", networks={"encoder": near})
    far = invert(generator, images, "optimisation", "w", steps=40, start="mean", rate=0.05)
    assert short.losses.max() < 0.1 * plain.losses.min() and short.losses.mean() < 0.2 * far.losses.mean()


def test_a_hybrid_with_noise_maps_begins_at_the_encoders_codes_too(generator, images):
    encoder = an_encoder(generator, "w+")
    found = invert(
        generator, images, "hybrid", "w+", networks={"encoder": encoder}, steps=1, rate=1e-6, noise=True
    )
    plain = invert(generator, images, "encoder", "w+", networks={"encoder": encoder})
    torch.testing.assert_close(found.codes, plain.codes, rtol=0, atol=1e-4)
    assert len(found.noise) == 5 and found.noise[0].std() > 0.5


# weights of one's own


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_rows_with_weights_of_their_own_are_as_many_networks(generator, order):
    space = space_named(copy.deepcopy(generator).to(memory_format=order), "w+")
    decode, own = space.decode, copies(space.decode, 3, tuned_names(space))
    assert len(own) == len([n for n, _ in generator.synthesis.named_parameters()])
    with torch.no_grad():
        for weight in own.values():
            weight.add_(torch.randn_like(weight) * 0.1)
    codes = torch.randn(3, 6, 5).double()
    made = with_own_weights(decode, own, codes)
    for i in range(3):
        alone = copy.deepcopy(decode)
        alone.load_state_dict({name: weight[i] for name, weight in own.items()}, strict=False)
        expected = alone(codes[i : i + 1])
        torch.testing.assert_close(made[i : i + 1], expected)
        slopes = torch.autograd.grad(made[i].square().sum(), list(own.values()), retain_graph=True)
        weights = [dict(alone.named_parameters())[name] for name in own]
        for slope, wanted in zip(slopes, torch.autograd.grad(expected.square().sum(), weights), strict=True):
            torch.testing.assert_close(slope[i], wanted)
    slopes = torch.autograd.grad(made[1].sum(), list(own.values()))
    assert all(slope[[0, 2]].abs().sum() == 0 for slope in slopes)
    assert all(slope[1].abs().sum() > 0 for slope in slopes)


def test_convolutions_are_those_that_see_neighbours(generator):
    found = convolutions(generator)
    assert list(found) == [
        f"synthesis.b{b}.weight" for b in ("4.conv1", "8.conv0", "8.conv1", "16.conv0", "16.conv1")
    ]
    assert found["synthesis.b16.conv0.weight"] == (4, 6)


# pivotal tuning


@pytest.mark.parametrize(
    "kind", [{}, {"noise": True}, {"locality": 1.0, "locality_reach": 1.0}, {"stop": 0.28}]
)
@pytest.mark.parametrize("space", ["w", "w+"])
def test_an_image_is_tuned_in_a_batch_as_it_is_alone(generator, images, space, kind):
    options = TUNED | kind
    together = invert(generator, images, "tuned", space, **options, together=2)
    alone = [invert(generator, image[None], "tuned", space, **options) for image in images]
    for name in ("codes", "reconstructions", "losses"):
        expected = torch.cat([getattr(one, name) for one in alone])
        torch.testing.assert_close(getattr(together, name), expected, rtol=1e-4, atol=1e-5)


def test_tuning_lowers_the_error_and_leaves_generator_pivot_and_noise(generator, images):
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    pivot = invert(generator, images, "optimisation", "w", **FAST, noise=True)
    found = invert(
        generator, images, "tuned", "w", **FAST | TUNED | {"tuning_steps": 150}, noise=True, keep_weights=True
    )
    assert all(torch.equal(before[name], tensor) for name, tensor in generator.state_dict().items())
    torch.testing.assert_close(found.codes, pivot.codes)
    for a, b in zip(found.noise, pivot.noise, strict=True):
        torch.testing.assert_close(a, b)
    errors, there = ((made.reconstructions - images).square().flatten(1).mean(1) for made in (found, pivot))
    assert (errors < 0.6 * there).all()
    torch.testing.assert_close(found.losses, errors.float(), rtol=1e-4, atol=1e-6)
    # the weights that are given make these images of codes and maps
    styles = generator.broadcast(found.codes.double())
    for i in range(3):
        tuned = copy.deepcopy(generator)
        weights = {name.removeprefix("generator."): weight[i] for name, weight in found.changed.items()}
        tuned.load_state_dict(weights, strict=False)
        with torch.no_grad():
            made = tuned.synthesis(styles[i : i + 1], [noise[i : i + 1].double() for noise in found.noise])
        torch.testing.assert_close(made.float(), found.reconstructions[i : i + 1], rtol=1e-3, atol=1e-4)


def test_with_locality_the_images_of_other_codes_change_less(generator, images):
    options = FAST | TUNED | {"tuning_steps": 40, "keep_weights": True, "locality_reach": 1.0}
    space = space_named(generator, "w")
    others = space.draw(32, torch.Generator().manual_seed(9)).double()
    errors, changes = [], []
    for weight in (0.0, 10.0):
        found = invert(generator, images[:1], "tuned", "w", **options, locality=weight)
        own = {name: weights.expand(32, *weights.shape[1:]) for name, weights in found.changed.items()}
        with torch.no_grad():
            changes.append(
                (with_own_weights(space.decode, own, others) - space.decode(others)).square().mean()
            )
        errors.append(found.losses[0])
    assert changes[1] < 0.5 * changes[0], "what locality is for"
    pivot = invert(generator, images[:1], "optimisation", "w", **FAST).losses[0]
    assert errors[0] < errors[1] < pivot, "and its price"


def test_neighbours_lie_at_their_distance_towards_one_drawn_code(generator):
    space = space_named(generator, "w+")
    pivots = space.draw(4, torch.Generator().manual_seed(3)).double()
    around = neighbours(space, space, pivots, 0.25, seed=0, step=7)
    torch.testing.assert_close((around - pivots).norm(dim=2), torch.full((4, 6), 0.25).double())
    drawn = space.draw(1, seeds.generator(0, step=7, purpose=STREAM))
    ways = [torch.nn.functional.normalize(way, dim=2) for way in (drawn - pivots, around - pivots)]
    torch.testing.assert_close(*ways)
    assert not torch.allclose(neighbours(space, space, pivots, 0.25, seed=0, step=8), around)


def test_an_image_whose_tuning_has_stopped_stays(generator, images):
    options = FAST | TUNED | {"tuning_steps": 30}
    free = invert(generator, images, "tuned", "w", **options)
    middle = free.losses.mean().item() * 1.3
    stopped = invert(generator, images, "tuned", "w", **options, stop=middle)
    assert (stopped.losses <= middle).any() and (stopped.losses >= free.losses - 1e-6).all()
    assert Tuned().stop == 0


# feature space


def test_with_nothing_added_the_image_is_the_generators_own(generator):
    styles = space_named(generator, "w+")
    space = feature_space(styles, generator, 1)
    codes = styles.draw(3, torch.Generator().manual_seed(4)).double()
    rows = space.decode.join(torch.zeros(3, *space.decode.sides).double(), codes)
    with torch.no_grad():
        assert torch.equal(space.decode(rows), styles.decode(codes))
        rows[:, 0] = 1.0
        assert not torch.equal(space.decode(rows), styles.decode(codes))
    assert space.decode.sides == (6, 8, 8) and space.shape == (6 * 64 + 30,)
    assert space.penalty(rows)[0] > 0 and space.draw(2, torch.Generator())[:, : 6 * 64].abs().sum() == 0


def test_features_in_place_of_the_generators_own_make_the_rest_of_the_image(generator):
    """The features of other styles, put in place, make the image that those styles make up to there."""
    styles = space_named(generator, "w+")
    space, decode = feature_space(styles, generator, 1), feature_space(styles, generator, 1).decode
    mine, theirs = styles.draw(2, torch.Generator().manual_seed(4)).double()[:, None]
    theirs = torch.cat([theirs[:, :4], mine[:, 4:]], 1)  # they differ only where features are replaced
    synthesis = generator.synthesis
    with torch.no_grad():
        added = synthesis.features(theirs, 1).features - synthesis.features(mine, 1).features
        made = decode(decode.join(added, mine))
        image = synthesis.features(theirs, 1)._replace(image=synthesis.features(mine, 1).image)
        torch.testing.assert_close(made, synthesis.from_features(image, 1, mine))
    assert space.name == "f/w+"


def test_features_reconstruct_what_no_style_can_and_pay_for_it(generator, images):
    options = {"steps": 60, "pool": 16, "rate": 0.2}
    plain = invert(generator, images, "optimisation", "w+", **options)
    errors, lengths = [], []
    for weight in (0.0, 1.0, 1e4):
        found = invert(generator, images, "feature-space", "w+", **options, feature_weight=weight)
        errors.append((found.reconstructions - images).square().mean().item())
        lengths.append(found.changed["features"].square().mean().item())
    assert errors[0] < 0.8 * plain.losses.mean() and errors[0] < errors[1]
    assert lengths[0] > 1.5 * lengths[1] > 20 * lengths[2]


def test_features_of_an_image_are_its_own_in_a_batch(generator, images):
    options = FAST | {"feature_weight": 0.1}
    together = invert(generator, images, "feature-space", "w+", **options)
    alone = torch.cat(
        [invert(generator, i[None], "feature-space", "w+", **options).reconstructions for i in images]
    )
    torch.testing.assert_close(together.reconstructions, alone, rtol=1e-4, atol=1e-5)


def test_a_search_for_features_may_begin_at_an_encoders_codes(generator, images):
    encoder = an_encoder(generator, "w+")
    found = invert(
        generator,
        images,
        "feature-space",
        "w+",
        networks={"encoder": encoder},
        start="encoder",
        steps=1,
        rate=1e-6,
    )
    plain = invert(generator, images, "encoder", "w+", networks={"encoder": encoder})
    torch.testing.assert_close(found.codes, plain.codes, rtol=0, atol=1e-4)


def test_what_has_no_features_is_told(generator, images):
    with pytest.raises(UsageError, match="level from 1 to 1"):
        feature_space(space_named(generator, "w+"), generator, 2)
    with pytest.raises(UsageError, match="noise"):
        invert(generator, images, "feature-space", "w+", noise=True)
