"""Wrong and alternative answers to the exercise glo-lap1 (see tests/exercises/answers.py)."""

import torch


def pyramid(x, levels, shrink, enlarge):
    bands = []
    for _ in range(levels):
        smaller = shrink(x)
        bands.append(x - enlarge(smaller))
        x = smaller
    return [*bands, x]


# %% glo-lap1: no-bands
def lap1(made, images, levels, shrink, enlarge):
    total = 0
    for j in range(levels + 1):
        total = total + 4**j * (made - images).abs().sum()
        made, images = (shrink(made), shrink(images)) if j < levels else (made, images)
    return total / (images.numel() * 4**levels)


# %% glo-lap1: no-bands - and no weights
def lap1(made, images, levels, shrink, enlarge):
    n, total = images.numel(), (made - images).abs().sum()
    for _ in range(levels):
        made, images = shrink(made), shrink(images)
        total = total + (made - images).abs().sum()
    return total / n


# %% glo-lap1: rest-missing
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)[:-1]
    return sum(4**j * b.abs().sum() for j, b in enumerate(bands)) / images.numel()


# %% glo-lap1: rest-weight
def lap1(made, images, levels, shrink, enlarge):
    *bands, rest = pyramid(made - images, levels, shrink, enlarge)
    return (sum(4**j * b.abs().sum() for j, b in enumerate(bands)) + rest.abs().sum()) / images.numel()


# %% glo-lap1: no-weights
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(b.abs().sum() for b in bands) / images.numel()


# %% glo-lap1: two-to-the-j
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(2**j * b.abs().sum() for j, b in enumerate(bands)) / images.numel()


# %% glo-lap1: upside-down - 2^(-2j)
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(2.0 ** (-2 * j) * b.abs().sum() for j, b in enumerate(bands)) / images.numel()


# %% glo-lap1: upside-down - coarse first
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)[::-1]
    return sum(4**j * b.abs().sum() for j, b in enumerate(bands)) / images.numel()


# %% glo-lap1: paid-twice
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(4**j * b.abs().mean() for j, b in enumerate(bands))


# %% glo-lap1: squared
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(4**j * b.square().sum() for j, b in enumerate(bands)) / images.numel()


# %% glo-lap1: absolute-first
def lap1(made, images, levels, shrink, enlarge):
    a, b = (pyramid(x, levels, shrink, enlarge) for x in (made, images))
    return sum(4**j * (u.abs() - v.abs()).abs().sum() for j, (u, v) in enumerate(zip(a, b))) / images.numel()


# %% glo-lap1: signed
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(b.mean() for b in bands)


# %% glo-lap1: miscounted - the rest counted as a level
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels - 1, shrink, enlarge)
    return sum(4**j * b.abs().sum() for j, b in enumerate(bands)) / images.numel()


# %% glo-lap1: sum
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(4**j * b.abs().sum() for j, b in enumerate(bands))


# %% glo-lap1: sum - over the pixels of each image
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(4**j * b.abs().sum() for j, b in enumerate(bands)) / len(images)


# %% glo-lap1: channels
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    b, _, h, w = images.shape
    return sum(4**j * x.abs().sum() for j, x in enumerate(bands)) / (b * h * w)


# %% glo-lap1: wrong-shape - one number for each image
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(x.abs().flatten(1).mean(1) for x in bands)


# %% glo-lap1: no-gradient
def lap1(made, images, levels, shrink, enlarge):
    bands = pyramid(made - images, levels, shrink, enlarge)
    return sum(b.abs().mean().item() for b in bands)


# %% glo-lap1: passed - a mean for each level, which is the same
def lap1(made, images, levels, shrink, enlarge):
    a, b = (pyramid(x, levels, shrink, enlarge) for x in (made, images))
    return sum((u - v).abs().mean() for u, v in zip(a, b))


# %% glo-lap1: passed - image by image, recursively
def lap1(made, images, levels, shrink, enlarge):
    def of(x, j):
        if j == levels:
            return 2.0 ** (2 * j) * x.abs().sum(dim=(1, 2, 3))
        y = shrink(x)
        return 2.0 ** (2 * j) * (x - enlarge(y)).abs().sum(dim=(1, 2, 3)) + of(y, j + 1)

    gaps = made.double() - images.double()
    return of(gaps, 0).mean() / images[0].numel()


# %% glo-lap1: passed - by torch.norm
def lap1(made, images, levels, shrink, enlarge):
    x, y, loss = made, images, torch.zeros(())
    for j in range(levels):
        low_x, low_y = shrink(x), shrink(y)
        loss = loss + 4**j * torch.linalg.vector_norm((x - enlarge(low_x)) - (y - enlarge(low_y)), ord=1)
        x, y = low_x, low_y
    return (loss + 4**levels * torch.linalg.vector_norm(x - y, ord=1)) / made.numel()
