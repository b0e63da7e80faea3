"""Wrong and alternative answers to the exercise dcgan-batch-norm (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


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
