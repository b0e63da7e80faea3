"""Wrong and alternative answers to the exercise glo-search (see tests/exercises/answers.py)."""

import copy

import torch
import torch.nn.functional as F


# %% glo-search: start-changed
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    for _ in range(steps):
        z = start.clone().requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        start -= rate * slope
        start /= start.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return start


# %% glo-search: generator-moved - an optimiser of both
def find_codes(generator, images, start, steps, rate):
    generator.eval()
    z = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([z, *generator.parameters()], rate)
    for _ in range(steps):
        optimizer.zero_grad()
        (generator(z) - images).square().flatten(1).mean(1).sum().backward()
        optimizer.step()
        with torch.no_grad():
            z /= z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train()
    return z.detach()


# %% glo-search: training-mode - as it came
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: training-mode - on a copy
def find_codes(generator, images, start, steps, rate):
    generator = copy.deepcopy(generator)
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    return z


# %% glo-search: batch-mean
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.mean(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: batch-mean - mse_loss
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = F.mse_loss(generator(z), images)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: pixel-sum
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square()
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: not-projected
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
    generator.train(mode)
    return z


# %% glo-search: projected-once
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
    generator.train(mode)
    return z / z.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-search: sphere
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True)
    generator.train(mode)
    return z


# %% glo-search: one-norm
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm().clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: uphill
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() + rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: miscounted - one less
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(1, steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: miscounted - one more
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps + 1):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: other-descent - Adam
def find_codes(generator, images, start, steps, rate):
    generator = copy.deepcopy(generator).eval()
    z = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([z], rate)
    for _ in range(steps):
        optimizer.zero_grad()
        (generator(z) - images).square().flatten(1).mean(1).sum().backward()
        optimizer.step()
        with torch.no_grad():
            z /= z.norm(dim=1, keepdim=True).clamp(min=1)
    return z.detach()


# %% glo-search: other-descent - momentum
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    v = 0
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        v = 0.9 * v + slope
        z = z.detach() - rate * v
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: mode-left
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    return z


# %% glo-search: gradients-left - backward
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        losses.sum().backward()
        slope = z.grad
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    return z


# %% glo-search: gradients-left - and cleared
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        losses.sum().backward()
        slope = z.grad
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)
    generator.zero_grad()
    return z


# %% glo-search: not-begun - no return
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    z = start.clone()
    for _ in range(steps):
        z.requires_grad_()
        losses = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(losses.sum(), z)
        z = z.detach() - rate * slope
        z = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    generator.train(mode)


# %% glo-search: passed - on a copy, by an optimiser
def find_codes(generator, images, start, steps, rate):
    generator = copy.deepcopy(generator).eval()
    z = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([z], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(generator(z), images, reduction="none").mean(dim=(1, 2, 3)).sum().backward()
        optimizer.step()
        with torch.no_grad():
            z.copy_(z / z.norm(dim=1, keepdim=True).clamp(min=1))
    return z


# %% glo-search: passed - one image at a time
def find_codes(generator, images, start, steps, rate):
    mode = generator.training
    generator.eval()
    found = []
    for x, z in zip(images, start):
        for _ in range(steps):
            z = z.detach().clone().requires_grad_()
            loss = (generator(z[None])[0] - x).pow(2).mean()
            z = z.detach() - rate * torch.autograd.grad(loss, z)[0]
            if z.norm() > 1:
                z = z / z.norm()
        found.append(z)
    generator.train(mode)
    return torch.stack(found)


# %% glo-search: passed - gradients of the weights put back
def find_codes(generator, images, start, steps, rate):
    training = generator.training
    kept = [(w, w.grad, w.requires_grad) for w in generator.parameters()]
    generator.eval().requires_grad_(False)
    z = start.detach().clone()
    for _ in range(steps):
        z = z.detach().requires_grad_(True)
        ((generator(z) - images) ** 2).sum().div(images[0].numel()).backward()
        z = torch.renorm(z.detach() - rate * z.grad, 2, 0, 1.0)
    for w, slope, wanted in kept:
        w.requires_grad_(wanted)
        w.grad = slope
    generator.train(training)
    return z.detach()
