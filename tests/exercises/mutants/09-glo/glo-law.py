"""Wrong and alternative answers to the exercise glo-law (see tests/exercises/answers.py)."""

import numpy as np
import torch


# %% glo-law: noise-unused
def draw_codes(codes, noise):
    mean = codes.double().mean(0).numpy()
    covariance = torch.cov(codes.double().T).numpy()
    return torch.from_numpy(np.random.default_rng().multivariate_normal(mean, covariance, len(noise)))


# %% glo-law: noise-unused - codes chosen by chance
def draw_codes(codes, noise):
    return codes[torch.randint(len(codes), (len(noise),))]


# %% glo-law: mean-forgotten
def draw_codes(codes, noise):
    values, vectors = torch.linalg.eigh(torch.cov(codes.T))
    return noise @ (vectors * values.clamp(min=0).sqrt()).T


# %% glo-law: not-affine - projected
def draw_codes(codes, noise):
    values, vectors = torch.linalg.eigh(torch.cov(codes.T))
    z = codes.mean(0) + noise @ (vectors * values.clamp(min=0).sqrt()).T
    return z / z.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-law: not-affine - the noise standardised
def draw_codes(codes, noise):
    values, vectors = torch.linalg.eigh(torch.cov(codes.T))
    noise = noise / noise.norm(dim=1, keepdim=True).clamp(min=1e-6)
    return codes.mean(0) + noise @ (vectors * values.clamp(min=0).sqrt()).T


# %% glo-law: diagonal
def draw_codes(codes, noise):
    return codes.mean(0) + noise * codes.std(0)


# %% glo-law: diagonal - by variances
def draw_codes(codes, noise):
    return codes.mean(0) + noise * codes.var(0)


# %% glo-law: isotropic
def draw_codes(codes, noise):
    return codes.mean(0) + noise * codes.std()


# %% glo-law: isotropic - the noise as it is
def draw_codes(codes, noise):
    return codes.mean(0) + noise


# %% glo-law: transposed
def draw_codes(codes, noise):
    return codes.mean(0) + noise @ torch.linalg.cholesky(torch.cov(codes.T))


# %% glo-law: covariance
def draw_codes(codes, noise):
    return codes.mean(0) + noise @ torch.cov(codes.T)


# %% glo-law: not-centred
def draw_codes(codes, noise):
    values, vectors = torch.linalg.eigh(codes.T @ codes / len(codes))
    return codes.mean(0) + noise @ (vectors * values.clamp(min=0).sqrt()).T


# %% glo-law: total
def draw_codes(codes, noise):
    centred = codes - codes.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred)
    return codes.mean(0) + noise @ (vectors * values.clamp(min=0).sqrt()).T


# %% glo-law: spread - eigenvalues without their root
def draw_codes(codes, noise):
    values, vectors = torch.linalg.eigh(torch.cov(codes.T))
    return codes.mean(0) + noise @ (vectors * values).T * 0.7


# %% glo-law: spread - vectors on the wrong side
def draw_codes(codes, noise):
    values, vectors = torch.linalg.eigh(torch.cov(codes.T))
    return codes.mean(0) + noise @ (vectors * values.clamp(min=0).sqrt())


# %% glo-law: singular
def draw_codes(codes, noise):
    return codes.mean(0) + noise @ torch.linalg.cholesky(torch.cov(codes.T)).T


# %% glo-law: singular - nan from a root below zero
def draw_codes(codes, noise):
    covariance = torch.cov(codes.T)
    values, vectors = torch.linalg.eigh(covariance - 1e-6 * torch.eye(len(covariance)))
    return codes.mean(0) + noise @ (vectors * values.sqrt()).T


# %% glo-law: singular - by a distribution of torch
def draw_codes(codes, noise):
    law = torch.distributions.MultivariateNormal(codes.mean(0), torch.cov(codes.T))
    return law.loc + noise @ law.scale_tril.T


# %% glo-law: raised - observations taken for variables
def draw_codes(codes, noise):
    values, vectors = torch.linalg.eigh(torch.cov(codes))
    return codes.mean(0) + noise @ (vectors * values.clamp(min=0).sqrt()).T


# %% glo-law: passed - Cholesky, with a hair added
def draw_codes(codes, noise):
    covariance = torch.cov(codes.double().T)
    factor = torch.linalg.cholesky(covariance + 1e-7 * torch.eye(len(covariance)).double())
    return codes.mean(0) + noise @ factor.T.float()


# %% glo-law: passed - from the codes themselves
def draw_codes(codes, noise):
    mean = codes.mean(0)
    _, S, Vh = torch.linalg.svd((codes - mean) / len(codes) ** 0.5, full_matrices=False)
    return mean + (noise[:, : len(S)] * S) @ Vh


# %% glo-law: passed - the symmetric root, NumPy
def draw_codes(codes, noise):
    z = codes.double().numpy()
    values, vectors = np.linalg.eigh(np.cov(z, rowvar=False, bias=True))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return np.stack([z.mean(axis=0) + root @ e for e in noise.double().numpy()])
