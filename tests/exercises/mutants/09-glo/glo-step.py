"""Wrong and alternative answers to the exercise glo-step (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


# %% glo-step: generator-still
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: codes-still - a copy changes
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    z = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: codes-still - the copy is moved in place
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = F.mse_loss(generator(z), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        z -= rate * z.grad
        z /= z.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: codes-still - a new table
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = F.mse_loss(generator(z), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    codes = codes.index_add(0, index, -rate * z.grad)
    codes = codes / codes.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: wrong-rows
def glo_step(generator, optimizer, codes, index, images, rate):
    n = len(images)
    z = codes[:n].clone().requires_grad_()
    loss = F.mse_loss(generator(z), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    moved = z.detach() - rate * z.grad
    codes[:n] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: whole-table - the table as a parameter
def glo_step(generator, optimizer, codes, index, images, rate):
    table = codes.clone().requires_grad_()
    loss = F.mse_loss(generator(table[index]), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    moved = codes - rate * table.grad
    codes.copy_(moved / moved.norm(dim=1, keepdim=True).clamp(min=1))


# %% glo-step: others-moved - Adam on the whole table, a little decay
def glo_step(generator, optimizer, codes, index, images, rate):
    table = codes.clone().requires_grad_()
    loss = F.mse_loss(generator(table[index]), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    torch.optim.SGD([table], rate, weight_decay=1e-3).step()
    z = table.detach()[index]
    table = table.detach().index_copy(0, index, z / z.norm(dim=1, keepdim=True).clamp(min=1))
    codes.copy_(table)


# %% glo-step: not-projected
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved


# %% glo-step: not-projected - before the update
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index]
    z = (z / z.norm(dim=1, keepdim=True).clamp(min=1)).requires_grad_()
    loss = F.mse_loss(generator(z), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    codes[index] = (z - rate * z.grad).detach()


# %% glo-step: sphere
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True)


# %% glo-step: one-norm
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / max(float(moved.norm()), 1.0)


# %% glo-step: one-norm - of the longest
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1).max().clamp(min=1)


# %% glo-step: clamped
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved.clamp(-1, 1)


# %% glo-step: generator-first - two passes
def glo_step(generator, optimizer, codes, index, images, rate):
    loss = F.mse_loss(generator(codes[index]), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    z = codes[index].clone().requires_grad_()
    F.mse_loss(generator(z), images).backward()
    moved = z.detach() - rate * z.grad
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: codes-first - two passes
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    F.mse_loss(generator(z), images).backward()
    moved = z.detach() - rate * z.grad
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)
    optimizer.zero_grad()
    F.mse_loss(generator(codes[index]), images).backward()
    optimizer.step()


# %% glo-step: stale-gradients
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: sum
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: sum - over pixels, mean over the batch
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).flatten(1).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: other-loss - absolute values
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = (generator(z) - images).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: other-loss - its root
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean().sqrt()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: uphill
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    moved = codes[index] + rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: twice - the last of the two
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    moved = codes[index] - rate * z.grad
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: twice - their mean
def glo_step(generator, optimizer, codes, index, images, rate):
    z = codes[index].clone().requires_grad_()
    loss = ((generator(z) - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slopes = torch.zeros_like(codes).index_add(0, index, z.grad)[index]
    slopes = slopes / (index[:, None] == index).sum(1, keepdim=True)
    moved = codes[index] - rate * slopes
    codes[index] = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-step: raised - the table is a leaf
def glo_step(generator, optimizer, codes, index, images, rate):
    codes.requires_grad_()
    loss = F.mse_loss(generator(codes[index]), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    codes[index] = codes[index] - rate * codes.grad[index]


# %% glo-step: passed - the table asks for the gradient
def glo_step(generator, optimizer, codes, index, images, rate):
    table = codes.detach().clone().requires_grad_()
    loss = F.mse_loss(generator(table[index]), images)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for i in set(index.tolist()):
            z = codes[i] - rate * table.grad[i]
            codes[i] = z / max(1.0, z.norm().item())


# %% glo-step: passed - each image of the batch once
def glo_step(generator, optimizer, codes, index, images, rate):
    rows, where = index.unique(return_inverse=True)
    z = codes[rows].requires_grad_()
    loss = (generator(z[where]) - images).square().sum() / images.numel()
    weights = [w for group in optimizer.param_groups for w in group["params"]]
    slope, *slopes = torch.autograd.grad(loss, [z, *weights])
    for weight, g in zip(weights, slopes):
        weight.grad = g
    optimizer.step()
    codes.index_copy_(0, rows, torch.renorm(z.detach() - rate * slope, 2, 0, 1.0))


# %% glo-step: passed - gradient descent by an optimiser
def glo_step(generator, optimizer, codes, index, images, rate):
    rows = sorted(set(index.tolist()))
    place = torch.tensor([rows.index(i) for i in index.tolist()])
    z = torch.nn.Parameter(codes[rows].clone())
    of_codes = torch.optim.SGD([z], lr=rate)
    optimizer.zero_grad()
    F.mse_loss(generator(z[place]), images).backward()
    optimizer.step()
    of_codes.step()
    with torch.no_grad():
        lengths = z.norm(dim=1, keepdim=True)
        codes[rows] = torch.where(lengths > 1, z / lengths, z)
