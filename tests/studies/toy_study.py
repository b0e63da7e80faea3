"""A study of two variants that takes a second, and its record."""

import json
from concurrent.futures import Future

from course_lib import studies
from course_lib.studies import measures

TOY = studies.Study(
    "Does a study work?",
    "gan-ring",
    {"plain": {}, "minimax": {"game": "minimax"}},
    measures.generator_gradients,
    every=2,
    common={"batch": 4, "width": 4, "depth": 1},
)
SMOKE = {"seeds": 2, "tier": "smoke"}
ALL = [(0, "plain"), (0, "minimax"), (1, "plain"), (1, "minimax")]


class Inline:
    """Workers without processes: each job is done when it is handed in."""

    def __init__(self, workers, **options):
        pass

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, **options):
        pass


def made(toy, **options):
    return [
        (line["seed"], line["variant"]) for line in studies.run("toy", folder=toy.parent, **(SMOKE | options))
    ]


def lines(toy):
    return [json.loads(line) for line in toy.read_text().splitlines()]
