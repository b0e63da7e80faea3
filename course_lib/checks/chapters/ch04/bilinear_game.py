"""Play on x times y with step sizes that fall."""

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference import bilinear_game as reference


@exercise(
    "collapse-xy",
    title="Does a falling step size make them converge?",
    section="The smallest game: x times y",
    taught_on="04b-dynamics",
    kind="prove",
    trains="play on the smallest game, when each move has a step size of its own",
    difficulty=2,
    minutes=30,
    points=2,
    written=4,
    hints=(
        "Write the pair as one complex number ζ = x + iy. By what number does a simultaneous step with rate η_t "
        "multiply it?",
        "For the last part take logarithms: ½ η² / (1 + η²) ≤ ½ log(1 + η²) ≤ ½ η². In the code, mind that Python "
        "changes x before y is computed, unless you keep the old x.",
    ),
    mistakes={
        "sequential": "In simultaneous play y moves by the old x. Here x has already been changed when y uses it: "
        "that is alternating play.",
        "no-courtesy": "In alternating play the second player answers the new x; here both use the old position.",
        "other-first": "In alternating play x moves first and y answers; here it is the other way round.",
        "both-descend": "Both players descend. x makes V(x, y) = xy small and y makes it large: y climbs.",
        "roles": "The players have changed roles: x descends, so x ← x − η y, and y climbs, y ← y + η x.",
        "no-start": "The path must begin with the start itself: T rates give T + 1 points.",
        "one-rate": "One rate is used for all steps; each step has its own, `rates[t]`.",
        "turns": "Only one player moves in each step. In both orders of play one step is a move of x and a move of y; "
        "alternating says only that y sees the new x.",
        "circle": "This turns exactly by the angle η, which is play in continuous time. A gradient step goes along the "
        "tangent, and so a little outwards.",
    },
    lesson="A rate that falls fast enough keeps the spiral bounded, but the path does not come back. A remedy "
    "must change the order of play or the field.",
)
def bilinear_path(answer, trial):
    rates = 0.1 + 0.3 * trial.draw.uniform(9, purpose="rates").abs().double()
    start = tuple((1 + trial.draw.uniform(2, purpose="start")).tolist())
    paths = {fault: reference.path(start, rates, fault) for fault in (*reference.MOVES, "turns")}
    common = {
        "both-descend": [paths["both-descend"], paths["both-descend, alternating"]],
        "roles": [paths["roles"], paths["roles, alternating"]],
        "turns": paths["turns"],
        "circle": paths["circle"],
    }
    for order, wrong in (
        ("simultaneous", {"sequential": paths["alternating"]}),
        ("alternating", {"no-courtesy": paths["simultaneous"], "other-first": paths["other-first"]}),
    ):
        right = paths[order]
        wrong |= common | {
            "no-start": right[1:],
            "one-rate": reference.path(start, rates[:1].expand(9), order),
        }
        returned = trial.call(answer, start, rates, order)
        trial.equal(returned, right, wrong, on=f"for {order} play", name="the path")
    trial.equal(trial.call(answer, start, rates[:0], "simultaneous"), [start], on="for no step at all")
