"""When a device's memory does not hold a batch: the largest that it holds, and what would make a plan smaller."""

import dataclasses
import gc
import math
from collections.abc import Callable
from typing import Any

from course_lib.errors import CourseError, UsageError
from course_lib.recipes.plan import Plan

# words in the names of settings that make networks large
SIZES = ("width", "maps", "depth", "units", "first")


class OutOfMemory(CourseError):
    """A batch was too large for the device: the sentence names the one that fits, and the recipe's settings."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the system, had no memory left for a tensor."""
    import torch

    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


@dataclasses.dataclass(frozen=True)
class Case:
    """What is tried. datasets: of both domains, the second may be None; build: (plan, spec) -> method."""

    plan: Plan
    datasets: tuple[Any, Any]
    device: Any
    build: Callable[[Plan, Any], Any]


def fits(case: Case, share: int) -> bool:
    """Whether two steps of a plan on minibatches of `share` examples, the second with optimisers' moments, fit.

    Method and optimisers are made anew for it, and given back. Other errors than a lack of memory are raised.
    """
    import torch

    try:
        _two_steps(case, share)
        return True
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    finally:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return False  # outside of the block that holds the error, and with it the tensors


def _two_steps(case: Case, share: int) -> None:
    from course_lib.data import Batches, spec_of
    from course_lib.ranks import Ranks
    from course_lib.training.ema import Average
    from course_lib.training.loop import prepare

    d, loop = case.plan.settings["data"], case.plan.settings["loop"]
    dataset, target = case.datasets
    method = case.build(case.plan, spec_of(dataset, target, d.paired))
    method.prepare(dataset, d.seed)
    size = share * method.minibatches
    with Batches(
        dataset, size, seed=d.seed, target=target, paired=d.paired, device=case.device, prefetch=1
    ) as batches:
        # compiled networks need no more than these, and a minute to be compiled
        prepare(
            method,
            batches.device,
            dataclasses.replace(loop, compile=False, graphs=False),
            d.steps,
            len(dataset.shape) == 3,
            Ranks(),  # each process tries by itself: another may stop at another size
        )
        average = Average(method, loop.ema)
        for step in (0, max(1, d.steps - 1)):  # of a growing network the last stage too
            method.step(batches.at(step))
            average.update(method, step + 1)


def is_refusal(error: BaseException) -> bool:
    """Whether a method, or a layer, cannot take a batch of that size: groups that do not divide it, a variance of one
    example. Whatever else is raised, a fault of the device among it, says nothing of sizes."""
    return isinstance(error, (UsageError, ValueError)) and not is_out_of_memory(error)


def largest_batch(case: Case, below: int) -> int | None:
    """The largest number of examples under `below` that was found to fit; 0 where not even one does, and None where
    none was found among those that the method takes.

    By bisection. A size that is refused says nothing of the memory, so others are tried between the bounds, first
    those that have large factors in common with the batch. Sizes that follow from refused ones are left out: where
    groups of g must divide a batch, g divides none of the divisors of a refused size, and s only if it divides the
    greatest common divisor of s and of sizes that were taken.
    """
    batch, most, common = below, 0, 0
    refused: set[int] = set()

    def open_to(size: int) -> bool:
        return all(other % math.gcd(size, common) for other in refused)

    while below - most > 1:
        size = (most + below) // 2
        if not open_to(size):
            middle, others = size, [n for n in range(most + 1, below) if open_to(n)]
            if not others:
                break
            size = max(others, key=lambda n, m=middle: (math.gcd(n, batch), -abs(n - m), n))
        try:
            found = fits(case, size)
        except Exception as error:
            if not is_refusal(error):
                raise
            refused.add(size)
            continue
        if found:
            most, common = size, math.gcd(common, size)
        else:
            below = size
    return most if most or below == 1 else None


def parts_that_fit(case: Case, share: int) -> int:
    """Into how many equal parts a batch of `share` examples must be divided for one to fit.

    Raises OutOfMemory when not even one example fits, and when no part that the method takes does.
    """
    refused = False
    for parts in (n for n in range(1, share + 1) if share % n == 0):
        try:
            if fits(case, share // parts):
                return parts
        except Exception as error:
            if parts == 1 or not is_refusal(error):  # the batch itself is what was asked for
                raise
            refused = True
    none = f"a part of a batch of {share} that it takes" if refused else "a single example"
    raise OutOfMemory(
        f"this device does not hold {none} of {case.plan.recipe}: make the networks smaller ({knobs(case.plan)})."
    )


def advice(case: Case, share: int, world: int, out: Any) -> OutOfMemory:
    """What to say when a batch of `share` examples on this device, of `world` alike, was too large.

    Where other processes train with this one nothing is tried: they wait for it, and end when it does.
    """
    if world > 1:
        smaller = (
            f"half of it should (--batch {share // 2 * world}), by reckoning that memory grows with the batch; it was "
            f"not tried, for the other processes wait; --auto-batch tries before the run, and takes the same batch in "
            f"parts"
            if share > 1
            else "there is one example in each of them, so more of them do not help"
        )
    elif found := largest_batch(case, share):
        smaller = f"a batch of {found} fits (--batch {found}), or the same batch in parts (--auto-batch)"
    else:
        smaller = "not even one example fits" if found == 0 else "no smaller batch was found that fits"
    of = f", shared by {world} processes" if world > 1 else ""
    safe = f"; what {out} holds is safe" if out else ""
    return OutOfMemory(
        f"the memory of this device does not hold a batch of {share * world}{of}{safe}: {smaller}; or make the "
        f"networks smaller ({knobs(case.plan)})."
    )


def knobs(plan: Plan) -> str:
    """The recipe's settings that decide how large its networks are, as options with their values."""
    networks, d = plan.settings["networks"], plan.settings["data"]
    named = {
        f.name: getattr(networks, f.name)
        for f in dataclasses.fields(networks)
        if any(word in f.name for word in SIZES) and type(getattr(networks, f.name)) is int
    }
    if d.resolution:
        named["resolution"] = d.resolution
    return ", ".join(f"--{name.replace('_', '-')}, now {value}" for name, value in named.items())
