"""What each route to codes leaves of an image, and what an edit makes of its answer: encoders, a search, tuned
weights, features; and encoders of four papers, trained as long as each other."""

from typing import Any, NamedTuple

from course_lib.studies.catalogue.glo import at_the_end
from course_lib.studies.plan import Measure, Study

ROUTES = "routes-stylegan-faces"  # whose batch says how many images there are of each kind, for a seed
SETS = ("generated", "unseen", "turned")
ERRORS = ("psnr", "perceptual", "factors")  # of those that `inversion.compared` gives


class Answer(NamedTuple):
    """Codes (B, ...), what is made of them (B, C, H, W), and codes -> pictures by what made these; None where an edit
    of the codes does not reach the picture. All of the CPU, wherever the networks are."""

    codes: Any
    made: Any
    image: Any


def answer_of(method: Any, images: Any) -> Answer:
    """A route's, a learned encoder's or HyperStyle's answer to images."""
    from course_lib.inversion.spaces import space_named
    from course_lib.networks.own_weights import with_own_weights
    from course_lib.studies.asking import asked

    there = method.device
    if hasattr(method, "reconstruct"):  # HyperStyle: an image has weights of its own
        codes, made, offsets = asked(there, method.reconstruct, images)  # offsets stay there
        return Answer(codes, made, lambda edited: asked(there, method.decoded, edited, offsets))
    if not hasattr(method, "search"):
        codes = asked(there, method.encode, images)

        def sampled(edited: Any) -> Any:
            return asked(there, method.sample, edited)

        return Answer(codes, sampled(codes), sampled)
    found, settings = method.search(images), method.settings
    decode = space_named(method.networks["generator"], settings.space).decode
    if settings.by == "feature-space":
        return Answer(found.codes, found.reconstructions, None)
    if settings.by == "tuned":
        changed = {name: value.to(there) for name, value in found.changed.items()}
        return Answer(
            found.codes,
            found.reconstructions,
            lambda edited: asked(there, with_own_weights, decode, changed, edited),
        )
    return Answer(found.codes, found.reconstructions, lambda edited: asked(there, decode, edited))


def encoders(plan: Any) -> Measure:
    """SET/psnr, perceptual, factors, and deviation/SET/…: means and standard deviations over images.

    SET: "generated", images of the generator itself; "unseen", faces of the test set. Each seed has images of its own,
    the same for every variant. edit/…: what edits of the answers to unseen faces change (`inversion.edits`).
    """
    from course_lib.studies.judging import held_out

    faces, judge, binary = held_out(plan)

    def found(run: Any) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, images in images_of(plan, run.method, faces, ("generated", "unseen")).of.items():
            answer = answer_of(run.method, images)
            row |= judged(plan, name, images, answer, judge, binary)
        return row

    return at_the_end(plan, found)


def routes(plan: Any) -> Measure:
    """The same, and of a third set: "turned", the unseen faces with the head turned further than in any of the data.

    generated/code: mean squared distance from the true code (`inversion.in_code`). seconds: of the processor, all its
    threads together, an image of a batch; of the sets after the first, which loads what is loaded once.
    """
    import time

    from course_lib.studies.catalogue.inversion import in_code
    from course_lib.studies.judging import held_out

    faces, judge, binary = held_out(plan)

    def found(run: Any) -> dict[str, Any]:
        row: dict[str, Any] = {}
        wanted = images_of(plan, run.method, faces)
        spent: list[float] = []
        for name, images in wanted.of.items():
            began = time.process_time()
            answer = answer_of(run.method, images)
            spent.append((time.process_time() - began) / len(images))
            row |= judged(plan, name, images, answer, judge, binary)
            if name == "generated":
                row |= in_code(run.method, answer.codes, wanted.z)
        return row | {"seconds": sum(spent[1:]) / len(spent[1:])}

    return at_the_end(plan, found)


class Asked(NamedTuple):
    """of: set -> images (B, C, H, W). z: (B, d), what the generated ones were made of."""

    of: dict[str, Any]
    z: Any


def images_of(plan: Any, method: Any, faces: Any, sets: tuple[str, ...] = SETS) -> Asked:
    """As many images of each of these sets as the batch of `ROUTES` says, by the plan's seed; on the CPU."""
    import torch

    from course_lib import recipes, seeds
    from course_lib.studies.asking import asked
    from course_lib.studies.catalogue.inversion import turned

    seed = plan.settings["data"].seed
    count = recipes.resolve(ROUTES, plan.tier).settings["data"].batch
    numbers = range(seed * count, (seed + 1) * count)
    generator = method.networks["generator"].eval()
    z = torch.randn(count, generator.latent, generator=seeds.generator(seed, purpose="routes/truth"))
    with torch.no_grad():
        own = asked(method.device, generator, z)
    made = {
        "generated": lambda: own,
        "unseen": lambda: faces.tensor(slice(numbers.start, numbers.stop)),
        "turned": lambda: turned(numbers, faces.resolution),
    }
    return Asked({name: made[name]() for name in sets}, z)


def judged(plan: Any, name: str, images: Any, answer: Answer, judge: Any, binary: Any) -> dict[str, float]:
    """What an answer leaves of images; of unseen faces also what edits of it change."""
    from course_lib.studies.catalogue.inversion import compared, edits

    every = compared(name, images, answer.made, judge, binary)
    row = {key: value for key, value in every.items() if key.rpartition("/")[2] in ERRORS}
    if name == "unseen" and answer.image is not None:
        row |= edits(plan.pretrained["generator"], answer.codes, answer.image, judge, binary)
    return row


STUDIES = {
    "inversion-routes": Study(
        "What does each route to codes leave of an image, and what can be edited?",
        ROUTES,
        {
            "encoder": {},
            "search, 80 steps in W+": {"by": "optimisation"},
            # at the rate of the search, so that they differ in the start alone; the route's own, half of it, is slower
            **{
                f"hybrid, {steps} steps in W+": {"by": "hybrid", "search_steps": steps, "search_rate": 0.1}
                for steps in (26, 40, 80)
            },
            "features, 80 steps": {"by": "feature-space"},
            "pivot alone, 80 steps in W": {"by": "optimisation", "space": "w"},
            "tuned, 80 and 60 steps": {"by": "tuned", "space": "w"},
        },
        routes,
        every=1,
    ),
    # about equally long: ReStyle's encoder is asked three times a step
    "inversion-encoders": Study(
        "What do pSp, e4e, ReStyle and HyperStyle make of the same short training?",
        "encoder-faces",
        {
            "pSp": {"steps": 240},
            "e4e": {"recipe": "encoder-faces-e4e", "steps": 240, "open_from": 48, "open_every": 8},
            "ReStyle": {"recipe": "encoder-faces-restyle", "steps": 80},
            "HyperStyle": {"recipe": "hyperstyle-faces", "steps": 160},
        },
        encoders,
        every=80,
        common={"log_every": 80},
    ),
}
