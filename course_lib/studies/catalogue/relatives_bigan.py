"""The study of chapter 8: whether BiGAN's encoder undoes its generator, beside two encoders that never played."""

from typing import Any

from course_lib.studies.plan import Measure, Study

AFTERWARDS = 1_500  # steps of the regression on generated pairs
RATE = 1e-3


def encoding(plan: Any) -> Measure:
    """What encoders are worth on held-out images: the game's own, and at the end two controls over the same generator.

    WHO/own, /others, /ratio: distances of images from reconstructions as `reconstruction.pair_distances` has them.
    WHO/class: share of reconstructions that a judge reads as their image's class. WHO/neighbour, /linear: accuracy of
    the nearest training code's class and of straight lines. WHO: bigan; random, an encoder with its first weights;
    regression, the same network taught on generated pairs afterwards; pixels, which have the last two alone. Of own
    samples, bigan/found: mean squared error of their codes, as a share of the variance of z.
    """
    import numpy as np
    import torch

    from course_lib import data, seeds
    from course_lib.evaluation import features
    from course_lib.studies.asking import asked

    d = plan.settings["data"]
    train, test = (data.open(d.data, resolution=d.resolution, split=split) for split in ("train", "test"))
    count = 40 if plan.tier == "smoke" else len(train)
    images, new = train.tensor(slice(0, count)), test.tensor(slice(0, len(test)))
    labels, new_labels = (
        torch.from_numpy(np.asarray(s.labels).astype(np.int64))[: len(x)]
        for s, x in ((train, images), (test, new))
    )
    judge = features.extractor(features.suited(train))

    def worth(method: Any, encoder: Any) -> dict[str, float]:
        from course_lib.evaluation.reconstruction import pair_distances

        with torch.no_grad():
            codes, new_codes = (asked(method.device, encoder, x) for x in (images, new))
            made = asked(method.device, method.sample, new_codes)
        distances = pair_distances(new, made)
        read = (judge.logits(made).argmax(1) == new_labels).double().mean().item()
        row = {"own": distances.own, "others": distances.others, "ratio": distances.ratio, "class": read}
        return row | accuracies(codes, labels, new_codes, new_labels)

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:  # an untrained generator makes every image alike
            return {}
        with run.averaged():
            method = run.method
            row = {f"bigan/{name}": value for name, value in worth(method, method.encode).items()}
            z = method.latents(500, seeds.generator(d.seed, purpose="studies/own"))
            found = asked(method.device, lambda z: method.encode(method.sample(z)), z)
            row["bigan/found"] = ((found - z).square().mean() / z.var()).item()
            if run.step == d.steps:
                steps = 4 if plan.tier == "smoke" else AFTERWARDS
                others = {
                    "random": untrained(plan, method, images),
                    "regression": regressed(plan, method, steps),
                }
                for who, encoder in others.items():
                    row |= {f"{who}/{name}": value for name, value in worth(method, encoder).items()}
                pixels = accuracies(images.flatten(1), labels, new.flatten(1), new_labels)
                row |= {f"pixels/{name}": value for name, value in pixels.items()}
        return row

    return measure


def accuracies(codes: Any, labels: Any, new_codes: Any, new_labels: Any) -> dict[str, float]:
    """neighbour: share of new codes whose nearest code has their label; linear: `linearity.linear_accuracy`."""
    from course_lib.evaluation.linearity import linear_accuracy
    from course_lib.evaluation.neighbours import nearest

    found = labels[nearest(new_codes, codes).index[:, 0]]
    return {
        "neighbour": (found == new_labels).double().mean().item(),
        "linear": linear_accuracy(codes, labels, new_codes, new_labels),
    }


def fresh_encoder(plan: Any, method: Any, purpose: str) -> Any:
    """An encoder of the run's own form, with weights of its seed."""
    import torch

    from course_lib import data, seeds
    from course_lib.data.spec import spec_of

    d = plan.settings["data"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.number(d.seed, purpose=purpose))
        spec = spec_of(data.open(d.data, resolution=d.resolution))
        return plan.settings["networks"].build(spec)["encoder"].to(method.device)


def untrained(plan: Any, method: Any, images: Any) -> Any:
    """An encoder that learnt nothing; its codes are moved and scaled, number by number, to z's mean and deviation."""
    import torch

    network = fresh_encoder(plan, method, "studies/random")
    for module in network.modules():  # its normalisation takes the statistics of all images
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0
    with torch.no_grad():
        images = images.to(method.device)
        network(images)
        network.eval()
        codes = network(images)
        mean, deviation = codes.mean(0), codes.std(0)
    spread = method.latents(4096, torch.Generator().manual_seed(0)).std().item()
    return lambda x: (network(x) - mean) / deviation * spread


def regressed(plan: Any, method: Any, steps: int) -> Any:
    """An encoder taught afterwards on pairs that the finished generator makes, by the squared error of codes."""
    import torch

    from course_lib import seeds
    from course_lib.methods.generated_pairs import PairStream

    d = plan.settings["data"]
    network = fresh_encoder(plan, method, "studies/regression")
    optimizer, stream = torch.optim.Adam(network.parameters(), RATE), PairStream(method.space)
    for step in range(steps):
        pairs = stream.at(seeds.Draw(d.seed, step=step, device=method.device), d.batch, "studies/regression")
        loss = (network(pairs.images) - pairs.codes).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


STUDIES = {
    "bigan-digits": Study(
        "Does BiGAN's encoder undo its generator, and what are its codes worth?",
        "bigan-digits",
        {"BiGAN": {}},
        encoding,
        every=1_500,
        common={"log_every": 500},
    ),
}
