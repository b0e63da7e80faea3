"""All that a run has learnt, for comparing it with another one."""

import torch


def states(run) -> list[torch.Tensor]:
    """Every tensor of the method and of its averages: weights, moments, and what else is saved."""
    trees = [run.method.state_dict(), run.average.state_dict()]
    found = []
    while trees:
        tree = trees.pop()
        if isinstance(tree, torch.Tensor):
            found.append(tree)
        elif isinstance(tree, dict):
            trees += list(tree.values())
        elif isinstance(tree, (list, tuple)):
            trees += list(tree)
    return found
