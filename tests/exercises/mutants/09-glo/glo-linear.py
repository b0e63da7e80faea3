"""Wrong and alternative answers to the exercise glo-linear (see tests/exercises/answers.py)."""

import numpy as np
import torch


# %% glo-linear: shapes - components as rows
def linear_glo(x, k):
    b = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - b, full_matrices=False)
    z = U[:, :k]
    r = z.norm(dim=1).max()
    return S[:k, None] * Vh[:k] * r, b, z / r


# %% glo-linear: wrong-type - no codes
def linear_glo(x, k):
    b = x.mean(0)
    return torch.linalg.svd(x - b).Vh[:k].T, b


# %% glo-linear: not-centred - no mean at all
def linear_glo(x, k):
    U, S, Vh = torch.linalg.svd(x, full_matrices=False)
    z = U[:, :k]
    r = z.norm(dim=1).max()
    return Vh[:k].T * S[:k] * r, torch.zeros(x.shape[1], dtype=x.dtype), z / r


# %% glo-linear: not-centred - components of the centred images, and the mean forgotten
def linear_glo(x, k):
    U, S, Vh = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    z = U[:, :k]
    r = z.norm(dim=1).max()
    return Vh[:k].T * S[:k] * r, torch.zeros(x.shape[1], dtype=x.dtype), z / r


# %% glo-linear: not-centred - the mean put back afterwards
def linear_glo(x, k):
    Vh = torch.linalg.svd(x, full_matrices=False).Vh
    z = (x - x.mean(0)) @ Vh[:k].T
    r = z.norm(dim=1).max()
    return Vh[:k].T * r, x.mean(0), z / r


# %% glo-linear: smallest
def linear_glo(x, k):
    b = x.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(x.T))
    A = vectors[:, :k] * values[:k].sqrt()
    z = (x - b) @ vectors[:, :k] / values[:k].sqrt()
    r = z.norm(dim=1).max()
    return A * r, b, z / r


# %% glo-linear: flat - of standardised images
def linear_glo(x, k):
    b, s = x.mean(0), x.std(0)
    U, S, Vh = torch.linalg.svd((x - b) / s, full_matrices=False)
    z = U[:, :k]
    r = z.norm(dim=1).max()
    return (Vh[:k].T * S[:k] * r) * s[:, None], b, z / r


# %% glo-linear: flat - the first axes
def linear_glo(x, k):
    b = x.mean(0)
    A = torch.eye(x.shape[1], k, dtype=x.dtype)
    z = (x - b) @ A
    r = z.norm(dim=1).max()
    return A * r, b, z / r


# %% glo-linear: not-undone - shrunk without A
def linear_glo(x, k):
    b = x.mean(0)
    Vh = torch.linalg.svd(x - b, full_matrices=False).Vh
    z = (x - b) @ Vh[:k].T
    return Vh[:k].T, b, z / z.norm(dim=1).max()


# %% glo-linear: not-undone - whitened, shrunk, only the second undone
def linear_glo(x, k):
    b = x.mean(0)
    Vh = torch.linalg.svd(x - b, full_matrices=False).Vh
    z = (x - b) @ Vh[:k].T
    z = z / z.std(0)
    r = z.norm(dim=1).max()
    return Vh[:k].T * r, b, z / r


# %% glo-linear: clipped - projected as the real GLO does
def linear_glo(x, k):
    b = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - b, full_matrices=False)
    z = U[:, :k] * len(x) ** 0.5
    return Vh[:k].T * S[:k] / len(x) ** 0.5, b, z / z.norm(dim=1, keepdim=True).clamp(min=1)


# %% glo-linear: codes - each on the sphere
def linear_glo(x, k):
    b = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - b, full_matrices=False)
    z = U[:, :k]
    return Vh[:k].T * S[:k], b, z / (2 * z.norm(dim=1, keepdim=True))


# %% glo-linear: outside
def linear_glo(x, k):
    b = x.mean(0)
    Vh = torch.linalg.svd(x - b, full_matrices=False).Vh
    return Vh[:k].T, b, (x - b) @ Vh[:k].T


# %% glo-linear: outside - white, of variance one
def linear_glo(x, k):
    b = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - b, full_matrices=False)
    n = len(x) ** 0.5
    return Vh[:k].T * S[:k] / n, b, U[:, :k] * n


# %% glo-linear: not-white - principal components, shrunk
def linear_glo(x, k):
    b = x.mean(0)
    Vh = torch.linalg.svd(x - b, full_matrices=False).Vh
    z = (x - b) @ Vh[:k].T
    r = z.norm(dim=1).max()
    return Vh[:k].T * r, b, z / r


# %% glo-linear: passed - by eigenvectors
def linear_glo(x, k):
    mean = x.mean(dim=0)
    values, vectors = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    values, vectors = values.flip(0)[:k], vectors.flip(1)[:, :k]
    codes = (x - mean) @ vectors / torch.sqrt(values)
    scale = float(codes.norm(dim=1).max()) * 1.5  # well inside
    return vectors * torch.sqrt(values) * scale, mean, codes / scale


# %% glo-linear: passed - scikit-learn, then turned
def linear_glo(x, k):
    from sklearn.decomposition import PCA

    pca = PCA(k, whiten=True).fit(x.numpy())
    codes = pca.transform(x.numpy())
    turn = np.linalg.qr(np.arange(1.0, k * k + 1).reshape(k, k) ** 2 + np.eye(k)).Q
    A = (pca.components_ * np.sqrt(pca.explained_variance_)[:, None]).T
    r = np.linalg.norm(codes, axis=1).max()
    return r * A @ turn, pca.mean_, codes @ turn / r


# %% glo-linear: passed - codes with another mean
def linear_glo(x, k):
    b = x.mean(0)
    U, S, Vh = torch.linalg.svd(x - b, full_matrices=False)
    z = U[:, :k] / (4 * U[:, :k].norm(dim=1).max())
    A = torch.linalg.lstsq(z, x - b).solution.T
    z = z + 0.1
    return A, b - A.sum(1) * 0.1, z
