"""Wrong and alternative answers to the exercises of Chapter 3 (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F


# %% dcgan-transposed: convolution
def transposed_convolution(y, weight, stride, padding):
    return F.conv1d(y[None, None], weight[None, None], stride=stride, padding=padding)[0, 0]


# %% dcgan-transposed: flipped
def transposed_convolution(y, weight, stride, padding):
    w = weight.flip(0)
    return F.conv_transpose1d(y[None, None], w[None, None], stride=stride, padding=padding)[0, 0]


# %% dcgan-transposed: flipped - zeros in between, then a convolution that does not flip
def transposed_convolution(y, weight, stride, padding):
    spread = torch.zeros(stride * (len(y) - 1) + 1)
    spread[::stride] = y
    k = len(weight) - 1 - padding
    return F.conv1d(F.pad(spread, (k, k))[None, None], weight[None, None])[0, 0]


# %% dcgan-transposed: overwritten
def transposed_convolution(y, weight, stride, padding):
    length = stride * (len(y) - 1) + len(weight)
    row = torch.zeros(length)
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] = y[i] * weight
    return row[padding : length - padding]


# %% dcgan-transposed: stride-one
def transposed_convolution(y, weight, stride, padding):
    length = stride * (len(y) - 1) + len(weight)
    row = torch.zeros(length)
    for i in range(len(y)):
        row[i : i + len(weight)] += y[i] * weight
    return row[padding : length - padding]


# %% dcgan-transposed: not-cut
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row


# %% dcgan-transposed: padded
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight) + 2 * padding)
    for i in range(len(y)):
        start = stride * i + padding
        row[start : start + len(weight)] += y[i] * weight
    return row


# %% dcgan-transposed: one-side - everything is cut off at the end
def transposed_convolution(y, weight, stride, padding):
    length = stride * (len(y) - 1) + len(weight)
    row = torch.zeros(length)
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row[: length - 2 * padding]


# %% dcgan-transposed: nothing-left
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row[padding:-padding]


# %% dcgan-transposed: special - the last stamp is cut off with the padding, whatever it is
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row[padding : padding + 2 * len(y) + 1]


# %% dcgan-transposed: raised - a row without room for the stamps at its end
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * len(y))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row


# %% dcgan-transposed: passed - the matrix of the convolution, transposed
def transposed_convolution(y, weight, stride, padding):
    outputs = stride * (len(y) - 1) + len(weight) - 2 * padding
    a = torch.zeros(len(y), outputs, dtype=torch.float64)
    for i in range(len(y)):
        for k in range(len(weight)):
            j = stride * i + k - padding
            if 0 <= j < outputs:
                a[i, j] = weight[k]
    return a.T @ y.double()


# %% dcgan-transposed: passed - NumPy
def transposed_convolution(y, weight, stride, padding):
    spread = np.zeros(stride * (len(y) - 1) + 1)
    spread[::stride] = y.numpy()
    row = np.convolve(spread, weight.numpy())
    return row[padding : len(row) - padding]


# %% dcgan-transposed: passed - the layer itself
def transposed_convolution(y, weight, stride, padding):
    return F.conv_transpose1d(y[None, None], weight[None, None], stride=stride, padding=padding).flatten()


# %% dcgan-checkerboard: even
variance_ratio = 1

# %% dcgan-checkerboard: one-dimension
variance_ratio = 3 / 2

# %% dcgan-checkerboard: kernel-three
variance_ratio = 4.0

# %% dcgan-checkerboard: mean-count
variance_ratio = 25 / 4

# %% dcgan-checkerboard: inverse
variance_ratio = 0.44

# %% dcgan-checkerboard: other
variance_ratio = 25

# %% dcgan-checkerboard: wrong-kind - the two counts
variance_ratio = (9, 4)

# %% dcgan-checkerboard: passed - the counts
variance_ratio = 9 / 4

# %% dcgan-checkerboard: passed - a tensor
variance_ratio = torch.tensor(2.25)


# %% dcgan-batch-norm: per-position
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = x.mean(0), x.var(0, correction=0)
    g, b = gain[:, None, None], bias[:, None, None]
    return g * (x - mean) / (var + eps).sqrt() + b, running_mean, running_var


# %% dcgan-batch-norm: per-image
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    g, b = gain[:, None, None], bias[:, None, None]
    return F.instance_norm(x, eps=eps) * g + b, running_mean, running_var


# %% dcgan-batch-norm: per-image - a layer norm
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    g, b = gain[:, None, None], bias[:, None, None]
    return F.layer_norm(x, x.shape[1:], eps=eps) * g + b, running_mean, running_var


# %% dcgan-batch-norm: one-for-all
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    z = (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: unbiased - torch.var as it comes
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True)
    z = (x - mean) / torch.sqrt(var + eps)
    running_mean = (1 - momentum) * running_mean + momentum * mean.flatten()
    running_var = (1 - momentum) * running_var + momentum * var.flatten()
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: not-rooted
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean = x.mean((0, 2, 3), keepdim=True)
    var = x.var((0, 2, 3), keepdim=True, correction=0)
    return gain[:, None, None] * (x - mean) / (var + eps) + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: eps-outside
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean = x.mean((0, 2, 3), keepdim=True)
    std = x.std((0, 2, 3), keepdim=True, correction=0)
    return gain[:, None, None] * (x - mean) / (std + eps) + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: eps-ignored
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean = x.mean((0, 2, 3), keepdim=True)
    var = x.var((0, 2, 3), keepdim=True, correction=0)
    z = (x - mean) / torch.sqrt(var + 1e-5)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: no-gain
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean = x.mean((0, 2, 3), keepdim=True)
    var = x.var((0, 2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(var + eps), running_mean, running_var


# %% dcgan-batch-norm: running-in-training - the training flag is turned round
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if not training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    else:
        mean, var = running_mean, running_var
    z = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: not-updated
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    z = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: replaced
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        running_mean, running_var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    z = (x - running_mean[:, None, None]) / torch.sqrt(running_var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: momentum - as in Keras, the weight of the old value
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * x.var((0, 2, 3))
    z = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: biased-running
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var
    z = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: deviation
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.std((0, 2, 3))
    z = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: batch-in-eval
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    if training:
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3))
    z = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], running_mean, running_var


# %% dcgan-batch-norm: moves-in-eval
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    new_mean = (1 - momentum) * running_mean + momentum * x.mean((0, 2, 3))
    new_var = (1 - momentum) * running_var + momentum * x.var((0, 2, 3))
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    z = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return gain[:, None, None] * z + bias[:, None, None], new_mean, new_var


# %% dcgan-batch-norm: changed-input - PyTorch's own function moves the running values in place
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = F.batch_norm(x, running_mean, running_var, gain, bias, training, momentum, eps)
    return y, running_mean, running_var


# %% dcgan-batch-norm: wrong-type - the batch alone
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return F.batch_norm(x, running_mean.clone(), running_var.clone(), gain, bias, training, momentum, eps)


# %% dcgan-batch-norm: passed - PyTorch's own, on copies
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean.clone(), running_var.clone()
    return F.batch_norm(x, mean, var, gain, bias, training, momentum, eps), mean, var


# %% dcgan-batch-norm: passed - a loop over maps, float64
def batch_norm(x, gain, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y, means, variances = torch.empty(x.shape, dtype=torch.float64), [], []
    for c in range(x.shape[1]):
        values = x[:, c].double()
        mean, var = running_mean[c].double(), running_var[c].double()
        means.append(mean)
        variances.append(var)
        if training:
            n = values.numel()
            mean = values.sum() / n
            var = ((values - mean) ** 2).sum() / n
            means[-1] = means[-1] + momentum * (mean - means[-1])
            variances[-1] = variances[-1] + momentum * (var * n / (n - 1) - variances[-1])
        y[:, c] = gain[c] * (values - mean) / (var + eps).sqrt() + bias[c]
    return y, torch.stack(means), torch.stack(variances)


# %% dcgan-growing-weights: unchanged
def after_step(norm, slope, rate, scale):
    return scale * norm, 0.0


# %% dcgan-growing-weights: shorter
def after_step(norm, slope, rate, scale):
    return scale * norm - rate * slope / scale, math.atan(rate * slope / (scale**2 * norm))


# %% dcgan-growing-weights: straight
def after_step(norm, slope, rate, scale):
    return scale * norm + rate * slope / scale, 0.0


# %% dcgan-growing-weights: same-gradient
def after_step(norm, slope, rate, scale):
    return math.hypot(scale * norm, rate * slope), math.atan2(rate * slope, scale * norm)


# %% dcgan-growing-weights: same-gradient - in the angle only
def after_step(norm, slope, rate, scale):
    return math.hypot(scale * norm, rate * slope / scale), math.atan2(rate * slope, scale * norm)


# %% dcgan-growing-weights: gradient-grows
def after_step(norm, slope, rate, scale):
    step = rate * scale * slope
    return math.hypot(scale * norm, step), math.atan2(step, scale * norm)


# %% dcgan-growing-weights: squared
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    return (scale * norm) ** 2 + step**2, math.atan2(step, scale * norm)


# %% dcgan-growing-weights: tangent
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    return math.hypot(scale * norm, step), step / (scale * norm)


# %% dcgan-growing-weights: degrees
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    return math.hypot(scale * norm, step), math.degrees(math.atan2(step, scale * norm))


# %% dcgan-growing-weights: sine
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    after = math.hypot(scale * norm, step)
    return after, math.atan(step / after)


# %% dcgan-growing-weights: wrong-type - the length alone
def after_step(norm, slope, rate, scale):
    return math.hypot(scale * norm, rate * slope / scale)


# %% dcgan-growing-weights: passed - the arc sine
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    after = math.sqrt((scale * norm) ** 2 + step**2)
    return after, math.asin(step / after)


# %% dcgan-growing-weights: passed - with vectors in a plane
def after_step(norm, slope, rate, scale):
    before = torch.tensor([scale * norm, 0.0])
    after = before - rate * torch.tensor([0.0, slope / scale])
    cosine = (before @ after) / (before.norm() * after.norm())
    return after.norm(), cosine.arccos()


# %% dcgan-copies: no-shift
def nearest_up_to_shift(samples, train, reach):
    found = torch.cdist(samples.float().flatten(1), train.float().flatten(1)).min(1)
    return found.indices, found.values


# %% dcgan-copies: sideways
def nearest_up_to_shift(samples, train, reach):
    keys, best, index = train.float().flatten(1), None, None
    for j in range(-reach, reach + 1):
        d, i = torch.cdist(samples.float().roll(j, 3).flatten(1), keys).min(1)
        if best is None:
            best, index = d, i
        best, index = torch.minimum(d, best), torch.where(d < best, i, index)
    return index, best


# %% dcgan-copies: sideways - a cross, without the diagonals
def nearest_up_to_shift(samples, train, reach):
    keys, rows = train.float().flatten(1), []
    for j in range(-reach, reach + 1):
        for dim in (2, 3):
            rows.append(torch.cdist(samples.float().roll(j, dim).flatten(1), keys))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: one-way
def nearest_up_to_shift(samples, train, reach):
    keys, rows = train.float().flatten(1), []
    for i in range(reach + 1):
        for j in range(reach + 1):
            rows.append(torch.cdist(samples.float().roll((i, j), (2, 3)).flatten(1), keys))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: wraps
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.roll((i, j), (2, 3))[:, None] - train[None]
            rows.append((gap**2).flatten(2).sum(2).float().sqrt())
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: wraps - made floats too late
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.roll((i, j), (2, 3))[:, None] - train[None]
            rows.append(gap.float().flatten(2).norm(dim=2))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: squared
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.float().roll((i, j), (2, 3))[:, None] - train.float()[None]
            rows.append((gap**2).flatten(2).sum(2))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: absolute
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.float().roll((i, j), (2, 3))[:, None] - train.float()[None]
            rows.append(gap.abs().flatten(2).sum(2))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: averaged
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.float().roll((i, j), (2, 3))[:, None] - train.float()[None]
            rows.append((gap**2).flatten(2).mean(2).sqrt())
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: reach
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            moved = samples.float().roll((i, j), (2, 3)).flatten(1)
            rows.append(torch.cdist(moved, train.float().flatten(1)))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: shift-index
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            moved = samples.float().roll((i, j), (2, 3)).flatten(1)
            rows.append(torch.cdist(moved, train.float().flatten(1)))
    found = torch.cat(rows, dim=1).min(1)
    return found.indices, found.values


# %% dcgan-copies: different - the index of the last shift, not of the best one
def nearest_up_to_shift(samples, train, reach):
    best = torch.full((len(samples),), float("inf"))
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            moved = samples.float().roll((i, j), (2, 3)).flatten(1)
            d, index = torch.cdist(moved, train.float().flatten(1)).min(1)
            best = torch.minimum(d, best)
    return index, best


# %% dcgan-copies: passed - the training images are shifted, by slices, one pair at a time
def nearest_up_to_shift(samples, train, reach):
    padded = F.pad(train.double(), (reach,) * 4)
    height, width = train.shape[2:]
    index, distance = [], []
    for x in samples.double():
        best = (math.inf, -1)
        for n in range(len(train)):
            for i in range(2 * reach + 1):
                for j in range(2 * reach + 1):
                    gap = (x - padded[n, :, i : i + height, j : j + width]).square().sum().sqrt().item()
                    best = min(best, (gap, n))
        distance.append(best[0])
        index.append(best[1])
    return index, distance


# %% dcgan-copies: passed - by inner products, all shifts at once
def nearest_up_to_shift(samples, train, reach):
    steps = range(-reach, reach + 1)
    moved = torch.stack([samples.roll((i, j), (2, 3)) for i in steps for j in steps], 1)
    moved = moved.double().flatten(2)  # (Q, shifts, P)
    keys = train.double().flatten(1)
    squares = moved.square().sum(2)[..., None] - 2 * moved @ keys.T + keys.square().sum(1)
    found = squares.clamp(min=0).sqrt().amin(1).min(1)
    return found.indices.int(), found.values.float()


# %% dcgan-copies: passed - NumPy
def nearest_up_to_shift(samples, train, reach):
    a, b = samples.numpy().astype(int), train.numpy().astype(int)
    best, index = np.full(len(a), np.inf), np.zeros(len(a), int)
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = np.roll(a, (i, j), (2, 3))[:, None] - b[None]
            d = np.sqrt((gap**2).sum((2, 3, 4)))
            index = np.where(d.min(1) < best, d.argmin(1), index)
            best = np.minimum(best, d.min(1))
    return index, best


# %% dcgan-spherical: linear
def spherical(first, second, t):
    return torch.lerp(first, second, t)


# %% dcgan-spherical: renormalised
def spherical(first, second, t):
    return ((1 - t) * first + t * second) / math.sqrt((1 - t) ** 2 + t**2)


# %% dcgan-spherical: projected
def spherical(first, second, t):
    z = (1 - t) * first + t * second
    return z / z.norm(dim=1, keepdim=True) * first.norm(dim=1, keepdim=True)


# %% dcgan-spherical: swapped
def spherical(first, second, t):
    w = F.cosine_similarity(first, second)[:, None].arccos()
    return (torch.sin(t * w) * first + torch.sin((1 - t) * w) * second) / torch.sin(w)


# %% dcgan-spherical: cosine
def spherical(first, second, t):
    w = (first * second).sum(1, keepdim=True).arccos()
    return (torch.sin((1 - t) * w) * first + torch.sin(t * w) * second) / torch.sin(w)


# %% dcgan-spherical: one-angle
def spherical(first, second, t):
    w = ((first * second).sum() / (first.norm() * second.norm())).arccos()
    return (torch.sin((1 - t) * w) * first + torch.sin(t * w) * second) / torch.sin(w)


# %% dcgan-spherical: unit
def spherical(first, second, t):
    a, b = F.normalize(first, dim=1), F.normalize(second, dim=1)
    w = (a * b).sum(1, keepdim=True).arccos()
    return (torch.sin((1 - t) * w) * a + torch.sin(t * w) * b) / torch.sin(w)


# %% dcgan-spherical: separate-length
def spherical(first, second, t):
    a, b = F.normalize(first, dim=1), F.normalize(second, dim=1)
    w = (a * b).sum(1, keepdim=True).arccos()
    z = (torch.sin((1 - t) * w) * a + torch.sin(t * w) * b) / torch.sin(w)
    return z * ((1 - t) * first.norm(dim=1, keepdim=True) + t * second.norm(dim=1, keepdim=True))


# %% dcgan-spherical: same-direction
def spherical(first, second, t):
    w = ((first * second).sum(1) / (first.norm(dim=1) * second.norm(dim=1))).arccos()[:, None]
    return torch.sin((1 - t) * w) / torch.sin(w) * first + torch.sin(t * w) / torch.sin(w) * second


# %% dcgan-spherical: same-direction - the nan is turned into 0
def spherical(first, second, t):
    w = ((first * second).sum(1) / (first.norm(dim=1) * second.norm(dim=1))).clamp(-1, 1).arccos()[:, None]
    z = torch.sin((1 - t) * w) / torch.sin(w) * first + torch.sin(t * w) / torch.sin(w) * second
    return torch.nan_to_num(z)


# %% dcgan-spherical: raised - the angle has lost its dimension
def spherical(first, second, t):
    w = F.cosine_similarity(first, second, dim=1).arccos()
    return torch.sin((1 - t) * w) / torch.sin(w) * first + torch.sin(t * w) / torch.sin(w) * second


# %% dcgan-spherical: passed - the cosine kept away from 1, float64
def spherical(first, second, t):
    a, b = first.double(), second.double()
    cosine = F.cosine_similarity(a, b)[:, None].clamp(-1 + 1e-9, 1 - 1e-9)
    w = cosine.arccos()
    return (torch.sin((1 - t) * w) * a + torch.sin(t * w) * b) / torch.sin(w)


# %% dcgan-spherical: passed - pair by pair
def spherical(first, second, t):
    path = []
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        dot, lengths = math.sumprod(a, b) if hasattr(math, "sumprod") else sum(map(float.__mul__, a, b)), 1.0
        for z in (a, b):
            lengths *= math.hypot(*z)
        w = math.acos(max(-1.0, min(1.0, dot / lengths)))
        u, v = (
            (1 - t, t) if w < 1e-4 else (math.sin((1 - t) * w) / math.sin(w), math.sin(t * w) / math.sin(w))
        )
        path.append([u * x + v * y for x, y in zip(a, b, strict=True)])
    return torch.tensor(path)
