"""How near a drag brings a point of a face to its target, where the truth is known."""

from typing import Any

from course_lib.studies.catalogue.glo import at_the_end
from course_lib.studies.plan import Measure, Study

POOL = 512  # faces of which pairs are chosen
ASIDE = 24  # so many of the faces that look most to either side are no targets: few codes reach them
UNASKED = ("skin", "hair_colour", "background", "light")  # what no drag asks to change


def point_error(plan: Any) -> Measure:
    """Five landmarks of faces that look ahead are dragged to where those of others lie that look aside.

    Faces of the middle are taken, since any change of an extreme one would, on average, bring it nearer to any other.
    progress: share of the way from the landmarks to the targets that they went, ⟨moved, way⟩/‖way‖², by the judge;
    1 at the target, negative for the other direction. believed: the same by tracking.
    before and after: mean distance of landmarks and targets in pixels, by the judge's reading of the factors
    (`data.faces.landmarks`); seen: the distance that tracking believes; lost: between where tracking sees a handle and
    where the judge has it. arrived: share of faces whose handles all came near, by tracking. steps: mean number.
    unasked: mean absolute change of four factors that nobody asked to change, in their range of 2; pairs: the same
    between the two faces of a pair. judge: the judge's own error on held-out faces, whose landmarks are known.
    deviation/…: over faces.
    """
    import torch

    from course_lib import data, seeds
    from course_lib.data.faces import NAMES
    from course_lib.data.faces.landmarks import landmarks
    from course_lib.evaluation import features
    from course_lib.inversion.dragging import distance

    d = plan.settings["data"]
    judge = features.extractor("faces-judge")
    unasked = [NAMES.index(name) for name in UNASKED]
    held_out = data.open(d.data, resolution=d.resolution, split="test")
    known = torch.tensor(held_out.factors[:POOL])
    read = judge.logits(held_out.tensor(slice(0, POOL)))
    own = distance(landmarks(known), landmarks(read)).mean().item()

    def found(run: Any) -> dict[str, Any]:
        chance = seeds.generator(d.seed, purpose="drags")
        pool = POOL if plan.tier != "smoke" else 128
        z = torch.randn(pool, run.method.latent, generator=chance)
        seen = judge.logits(images_of(run.method, z))
        places = landmarks(seen)
        across = places[:, :, 0].mean(1)
        chosen = (across - across.median()).abs().argsort()[: d.batch]
        order, half = across.argsort(), d.batch // 2
        skipped = ASIDE if plan.tier != "smoke" else 0
        others = torch.cat(
            [order[skipped : skipped + half], order.flip(0)[skipped : skipped + d.batch - half]]
        )
        handles, targets = places[chosen], places[others]
        given = (x.to(run.method.device) for x in (z[chosen], handles, targets))
        made, images = run.method.dragged(*given)
        after, believed = judge.logits(images.cpu()), made.points[-1].cpu()
        ends = landmarks(after)
        way = (targets - handles).flatten(1)

        def share(points: Any) -> Any:
            return ((points - handles).flatten(1) * way).sum(1) / way.square().sum(1)

        progress = share(ends)
        before_each, after_each = distance(handles, targets).mean(1), distance(ends, targets).mean(1)
        return {
            "faces": len(chosen),
            "before": before_each.mean().item(),
            "after": after_each.mean().item(),
            "deviation/before": before_each.std().item(),
            "deviation/after": after_each.std().item(),
            "progress": progress.mean().item(),
            "deviation/progress": progress.std().item(),
            "believed": share(believed).mean().item(),
            "seen": distance(believed, targets).mean().item(),
            "lost": distance(believed, ends).mean().item(),
            "arrived": made.arrived.double().mean().item(),
            "steps": made.moved.double().mean().item(),
            "unasked": (after - seen[chosen])[:, unasked].abs().mean().item(),
            "pairs": (seen[others] - seen[chosen])[:, unasked].abs().mean().item(),
            "judge": own,
        }

    return at_the_end(plan, found)


def images_of(method: Any, z: Any, at_once: int = 256) -> Any:
    """Images of z (N, latent) by the generator as it is, float32 in [-1, 1]."""
    import torch

    from course_lib.studies.asking import asked

    generator = method.networks["generator"].eval()
    with torch.no_grad():
        parts = [asked(method.device, generator, part) for part in z.split(at_once)]
    return torch.cat(parts).float().clamp(-1, 1)


STUDIES: dict[str, Study] = {
    "drags-faces": Study(
        "How near does a drag bring the landmarks of a face to their targets?",
        "drags-dcgan-faces",
        {
            "as published, one place": {"patch": 0.0},
            "a patch is tracked": {},
            "a larger patch": {"patch": 4.0},
            "without tracking": {"track": False},
            "nothing detached": {"detach": False},
            "style generator, early w": {"recipe": "drags-stylegan-faces"},
            "style generator, Z": {"recipe": "drags-stylegan-faces", "space": "z", "rate": 0.02},
        },
        point_error,
        every=1,
    ),
}
