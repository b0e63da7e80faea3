"""Wrong and alternative answers to the exercise glo-psnr (see tests/exercises/answers.py)."""

import math

import torch
import torch.nn.functional as F


# %% glo-psnr: range
def psnr(images, made):
    errors = (images - made).square().flatten(1).mean(1)
    return (-10 * errors.log10()).mean()


# %% glo-psnr: peak
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (20 * torch.log10(2 / errors.sqrt())).mean()


# %% glo-psnr: byte
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (20 * torch.log10(255 / errors.sqrt())).mean()


# %% glo-psnr: brightest - of each image
def psnr(images, made):
    a, b = (images + 1) / 2, (made + 1) / 2
    errors = (a - b).square().flatten(1).mean(1)
    return (20 * torch.log10(a.flatten(1).max(1).values / errors.sqrt())).mean()


# %% glo-psnr: brightest - of all
def psnr(images, made):
    a, b = (images + 1) / 2, (made + 1) / 2
    errors = (a - b).square().flatten(1).mean(1)
    return (20 * torch.log10(a.max() / errors.sqrt())).mean()


# %% glo-psnr: mean-error
def psnr(images, made):
    return -10 * torch.log10(((images - made) / 2).square().mean())


# %% glo-psnr: mean-error - and the range
def psnr(images, made):
    return -10 * torch.log10(F.mse_loss(made, images))


# %% glo-psnr: misprint
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (-20 * torch.log10(1 / errors.sqrt())).mean()


# %% glo-psnr: halved
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (10 * torch.log10(1 / errors.sqrt())).mean()


# %% glo-psnr: not-root
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (20 * torch.log10(1 / errors)).mean()


# %% glo-psnr: natural
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (-10 * errors.log()).mean()


# %% glo-psnr: pixels
def psnr(images, made):
    errors = ((images - made) / 2).square()
    return (-10 * errors.log10()).mean()


# %% glo-psnr: pixels - each channel
def psnr(images, made):
    errors = ((images - made) / 2).square().mean((2, 3))
    return (-10 * errors.log10()).mean()


# %% glo-psnr: clamped
def psnr(images, made):
    errors = ((images - made.clamp(-1, 1)) / 2).square().flatten(1).mean(1)
    return (-10 * errors.log10()).mean()


# %% glo-psnr: floor
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (-10 * (errors + 1e-8).log10()).mean()


# %% glo-psnr: floor - a clamp
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return (-10 * errors.clamp(min=1e-10).log10()).mean()


# %% glo-psnr: wrong-shape - no mean
def psnr(images, made):
    errors = ((images - made) / 2).square().flatten(1).mean(1)
    return -10 * errors.log10()


# %% glo-psnr: passed - in [-1, 1] with MAX = 2
def psnr(images, made):
    errors = (images - made).square().mean(dim=(1, 2, 3))
    return torch.mean(20 * torch.log10(2 / torch.sqrt(errors)))


# %% glo-psnr: passed - image by image, plain numbers
def psnr(images, made):
    values = []
    for x, y in zip(images, made):
        mse = float((((x + 1) / 2 - (y + 1) / 2) ** 2).mean())
        values.append(20 * math.log10(1 / math.sqrt(mse)))
    return sum(values) / len(values)


# %% glo-psnr: passed - NumPy
def psnr(images, made):
    import numpy as np

    a, b = (images.numpy() + 1) / 2, (made.numpy() + 1) / 2
    return np.mean(-10 * np.log10(((a - b) ** 2).reshape(len(a), -1).mean(axis=1)))
