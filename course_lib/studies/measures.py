"""What studies measure while a run trains: each builds, for a plan, a function of the run where it stands."""

from typing import Any

from course_lib.studies.plan import Measure


def image_distance(plan: Any) -> Measure:
    """Fréchet distance of 5,000 averaged samples to all training images, in the features that `extractor` names."""
    from course_lib import data
    from course_lib.evaluation import report
    from course_lib.studies.judging import distance_to

    d = plan.settings["data"]
    count = 5_000 if plan.tier != "smoke" else 200
    frechet = distance_to(data.open(d.data, resolution=d.resolution), "fashion-classifier")

    def measure(run: Any) -> dict[str, float]:
        with run.averaged():
            drawn = report.draw_samples(run.method, count, d.seed)
        return {"frechet": frechet(drawn)}

    return measure


def generator_gradients(plan: Any) -> Measure:
    """What each generator loss would send back at this moment of the game, whichever of them is being trained.

    For the three costs of the original discriminator: the norm of the gradient for all weights of G, averaged over
    16 minibatches, and its relative spread sqrt(E|g - Eg|^2) / |Eg| between them. With it the mean of D(G(z)).
    """
    import torch

    from course_lib import seeds
    from course_lib.objectives.adversarial import GAMES

    d = plan.settings["data"]

    def measure(run: Any) -> dict[str, float]:
        generator, discriminator = run.method.networks["generator"], run.method.networks["discriminator"]
        buffers = {k: v.clone() for k, v in run.method.networks.state_dict().items()}
        parameters = list(generator.parameters())
        device = parameters[0].device
        row: dict[str, float] = {}
        for game in ("minimax", "non-saturating", "maximum-likelihood"):
            gradients, probabilities = [], []
            for i in range(16):
                draw = seeds.generator(d.seed, step=run.step, purpose=f"gradients/{i}", device=device)
                logits = discriminator(generator(run.method.latents(d.batch, draw))).float()
                parts = torch.autograd.grad(GAMES[game].generator_loss(logits), parameters)
                gradients.append(torch.cat([g.flatten() for g in parts]).double())
                probabilities.append(logits.sigmoid().mean().item())
            stack = torch.stack(gradients)
            mean = stack.mean(0)
            row[f"{game}/norm"] = stack.norm(dim=1).mean().item()
            row[f"{game}/spread"] = ((stack - mean).square().sum(1).mean().sqrt() / mean.norm()).item()
        row["fake_probability"] = sum(probabilities) / len(probabilities)
        # looking must not change the game: batch normalisation has counted these minibatches
        run.method.networks.load_state_dict(buffers)
        return row

    return measure


def gradients_and_distance(plan: Any) -> Measure:
    """Both of the above."""
    first, second = generator_gradients(plan), image_distance(plan)
    return lambda run: {**first(run), **second(run)}
