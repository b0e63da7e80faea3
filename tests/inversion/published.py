"""Files as the authors of StyleGAN2, and others, write them, and their generator from the paper's equations.

The classes that such files name stand here in for the authors' own: the file says the same of them. Nothing here is
made of the library's code.
"""

import collections
import io
import math
import pickle
import sys
import types

import numpy as np
import torch
from scipy.signal import convolve2d, correlate2d
from torch import nn

FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def filters(names):
    """Names of the filters that the authors' PyTorch version keeps, one in each block and each convolution."""
    convolutions = [name.removesuffix("noise_const") for name in names if name.endswith("noise_const")]
    blocks = dict.fromkeys(".".join(name.split(".")[:2]) + "." for name in convolutions)
    return [f"{place}resample_filter" for place in [*blocks, *convolutions]]


def shapes(resolution, base, most=512, latent=512, width=512, depth=8, colours=3):
    """Names and shapes of the authors' PyTorch version, less its filters."""
    found = {"mapping.w_avg": (width,)}
    for j in range(depth):
        found[f"mapping.fc{j}.weight"] = (width, width if j else latent)
        found[f"mapping.fc{j}.bias"] = (width,)
    r, before = 4, None
    while r <= resolution:
        maps = min(base // r, most)
        layers = {"conv1": maps} if r == 4 else {"conv0": before, "conv1": maps}
        if r == 4:
            found["synthesis.b4.const"] = (maps, 4, 4)
        for name, inputs in layers.items():
            found[f"synthesis.b{r}.{name}.weight"] = (maps, inputs, 3, 3)
            found[f"synthesis.b{r}.{name}.bias"] = (maps,)
            found[f"synthesis.b{r}.{name}.noise_strength"] = ()
            found[f"synthesis.b{r}.{name}.noise_const"] = (r, r)
            found[f"synthesis.b{r}.{name}.affine.weight"] = (inputs, width)
            found[f"synthesis.b{r}.{name}.affine.bias"] = (inputs,)
        found[f"synthesis.b{r}.torgb.weight"] = (colours, maps, 1, 1)
        found[f"synthesis.b{r}.torgb.bias"] = (colours,)
        found[f"synthesis.b{r}.torgb.affine.weight"] = (maps, width)
        found[f"synthesis.b{r}.torgb.affine.bias"] = (maps,)
        r, before = 2 * r, maps
    return found


SMALL = {"resolution": 16, "base": 64, "most": 8, "latent": 6, "width": 5, "depth": 3}


def weights(seed=0, **sizes):
    """Random weights of every name, none of them zero or one: a slip in any of them shows."""
    draw = torch.Generator().manual_seed(seed)
    made = {name: torch.randn(shape, generator=draw) for name, shape in shapes(**(SMALL | sizes)).items()}
    for name in made:
        if name.startswith("mapping.fc"):
            made[name] /= 0.01  # as they are kept: the layer multiplies by its speed
        if name.endswith("affine.bias"):
            made[name] = 1 + 0.3 * made[name]
    return made


# the generator, from the equations, in numpy


def lrelu(x):
    return np.where(x > 0, x, 0.2 * x) * math.sqrt(2)


def zeros_between(x):
    wide = np.zeros((2 * x.shape[0], 2 * x.shape[1]))
    wide[::2, ::2] = x
    return wide


def reference(weights, z):
    """(B, latent) -> (B, 3, r, r), in float64, image by image and channel by channel."""
    w = {name: tensor.double().numpy() for name, tensor in weights.items()}
    return np.stack([synthesis(w, mapping(w, one)) for one in z.double().numpy()])


def mapping(w, z):
    x, j = z / np.sqrt(np.mean(z**2) + 1e-8), 0
    while f"mapping.fc{j}.weight" in w:
        weight = w[f"mapping.fc{j}.weight"]
        x = lrelu(weight @ x * 0.01 / math.sqrt(len(x)) + 0.01 * w[f"mapping.fc{j}.bias"])
        j += 1
    return x


def synthesis(w, style):
    r, x, image = 4, w["synthesis.b4.const"], None
    while f"synthesis.b{r}.conv1.weight" in w:
        if r > 4:
            x = layer(w, f"synthesis.b{r}.conv0", x, style, doubling=True)
        x = layer(w, f"synthesis.b{r}.conv1", x, style, doubling=False)
        name = f"synthesis.b{r}.torgb"
        scales = affine(w, name, style) / math.sqrt(len(x))
        added = np.einsum("oi,ihw->ohw", w[f"{name}.weight"][:, :, 0, 0] * scales, x)
        added = added + w[f"{name}.bias"][:, None, None]
        if image is not None:
            padded = [np.pad(zeros_between(one), (2, 1)) for one in image]
            added = added + np.stack([4 * convolve2d(one, FILTER, "valid") for one in padded])
        image, r = added, 2 * r
    return image


def affine(w, name, style):
    return w[f"{name}.affine.weight"] @ style / math.sqrt(len(style)) + w[f"{name}.affine.bias"]


def layer(w, name, x, style, doubling):
    kernel = w[f"{name}.weight"] * affine(w, name, style)[None, :, None, None]
    kernel = kernel / np.sqrt((kernel**2).sum((1, 2, 3), keepdims=True) + 1e-8)
    if doubling:  # zeros between the pixels, a convolution (not a correlation), the filter
        wide = [zeros_between(one)[:-1, :-1] for one in x]
        y = np.stack(
            [sum(convolve2d(one, k, "full") for one, k in zip(wide, row, strict=True)) for row in kernel]
        )
        y = np.stack([4 * convolve2d(np.pad(one, 1), FILTER, "valid") for one in y])
    else:
        y = np.stack(
            [sum(correlate2d(one, k, "same") for one, k in zip(x, row, strict=True)) for row in kernel]
        )
    noise = w[f"{name}.noise_const"] * w[f"{name}.noise_strength"]
    return lrelu(y + noise + w[f"{name}.bias"][:, None, None])


# files


def module(name, **content):
    """A module of that name, known to pickle until `forget`."""
    made = types.ModuleType(name)
    made.__dict__.update(content)
    for value in content.values():
        value.__module__ = name
    return made


def _reconstruct_persistent_obj(meta):
    raise AssertionError("the code of a persistent object was run")


class EasyDict(dict):
    pass


class Network:
    """Of the TensorFlow version."""

    def __init__(self, name, variables, components=(), **kwargs):
        self.version, self.name, self.static_kwargs = 4, name, kwargs
        self.components, self.variables = dict(components), variables
        self.build_module_src, self.build_func_name = "raise AssertionError", "G_main"


AUTHORS = {
    "torch_utils": module("torch_utils"),
    "torch_utils.persistence": module(
        "torch_utils.persistence", _reconstruct_persistent_obj=_reconstruct_persistent_obj
    ),
    "dnnlib": module("dnnlib"),
    "dnnlib.util": module("dnnlib.util", EasyDict=EasyDict),
    "dnnlib.tflib": module("dnnlib.tflib"),
    "dnnlib.tflib.network": module("dnnlib.tflib.network", Network=Network),
}


def dumped(value, protocol=4):
    """A pickle written where the authors' modules are to be had."""
    sys.modules.update(AUTHORS)
    try:
        return pickle.dumps(value, protocol)
    finally:
        for name in AUTHORS:
            del sys.modules[name]


class Persistent(nn.Module):
    """As `torch_utils.persistence` has objects of a decorated class pickled."""

    class_name = "Generator"

    def __reduce__(self):
        meta = {
            "type": "class",
            "version": 6,
            "module_src": "raise AssertionError('run')",
            "class_name": self.class_name,
            "state": dict(self.__dict__),
        }
        return _reconstruct_persistent_obj, (EasyDict(meta),), None


def tree(tensors):
    """Persistent modules with these parameters and buffers."""
    tensors = tensors | {name: torch.tensor(FILTER, dtype=torch.float32) for name in filters(tensors)}
    root = Persistent()
    root.z_dim, root._init_kwargs = (
        512,
        EasyDict(synthesis_kwargs=EasyDict(num_fp16_res=4, rate=np.float64(1.5))),
    )
    for name, tensor in tensors.items():
        here = root
        *path, last = name.split(".")
        for part in path:
            if part not in here._modules:
                here.add_module(part, Persistent())
            here = here._modules[part]
        if last in ("w_avg", "noise_const", "resample_filter"):
            here.register_buffer(last, tensor)
        else:
            here.register_parameter(last, nn.Parameter(tensor))
        if path[-1].startswith("fc"):
            here.bias_gain = 0.01
    return root


def official(tensors, protocol=4, **more):
    """The bytes of a pickle of StyleGAN2-ADA (PyTorch)."""
    content = {
        "G": tree({}),
        "D": tree({}),
        "G_ema": tree(tensors),
        "training_set_kwargs": EasyDict(path="x"),
    }
    return dumped(content | more, protocol)


def tensorflow(tensors, protocol=4, **kwargs):
    """The bytes of a pickle of StyleGAN2 (TensorFlow)."""
    mapping, synthesis = [], [("lod", np.float32(0))]
    for name, tensor in tensors.items():
        a = tensor.numpy()
        if name == "mapping.w_avg":
            continue
        if name.startswith("mapping"):
            number, part = name.removeprefix("mapping.fc").split(".")
            mapping.append((f"Dense{number}/{part}", a.T.copy()))
            continue
        _, block, *rest = name.split(".")
        r = int(block[1:])
        if rest == ["const"]:
            synthesis.append(("4x4/Const/const", a[None]))
        elif rest[1] == "noise_const":
            number = 0 if r == 4 else int(math.log2(r)) * 2 - (5 if rest[0] == "conv0" else 4)
            synthesis.append((f"noise{number}", a[None, None]))
        else:
            layer = {"conv0": "Conv0_up", "conv1": "Conv" if r == 4 else "Conv1", "torgb": "ToRGB"}[rest[0]]
            if rest[1:] == ["affine", "bias"]:
                part, a = "mod_bias", a - 1
            elif rest[1:] == ["affine", "weight"]:
                part, a = "mod_weight", a.T.copy()
            else:
                part = rest[1]
                if part == "weight":
                    a = a.transpose(2, 3, 1, 0)
                    a = a[::-1, ::-1] if rest[0] == "conv0" else a
            synthesis.append((f"{r}x{r}/{layer}/{part}", np.array(a, order="C")))
    parts = {"mapping": Network("mapping", mapping), "synthesis": Network("synthesis", synthesis)}
    G = Network("Gs", [("dlatent_avg", tensors["mapping.w_avg"].numpy())], parts, **kwargs)
    return dumped((Network("G", []), Network("D", []), G), protocol)


def rosinality(tensors):
    """Its `g_ema`: names by position, and the other way around from the library's reader."""
    found = collections.OrderedDict()
    size = max(int(n.split(".")[1][1:]) for n in tensors if n.startswith("synthesis"))
    sizes = [4 * 2**j for j in range(int(math.log2(size / 4)) + 1)]

    def put_layer(ours, theirs, with_noise=True):
        found[f"{theirs}.conv.weight"] = tensors[f"{ours}.weight"][None]
        found[f"{theirs}.conv.modulation.weight"] = tensors[f"{ours}.affine.weight"]
        found[f"{theirs}.conv.modulation.bias"] = tensors[f"{ours}.affine.bias"]
        if with_noise:
            found[f"{theirs}.noise.weight"] = tensors[f"{ours}.noise_strength"].reshape(1)
            found[f"{theirs}.activate.bias"] = tensors[f"{ours}.bias"]
        else:
            found[f"{theirs}.bias"] = tensors[f"{ours}.bias"].reshape(1, 3, 1, 1)

    for j in range(sum(".fc" in n and n.endswith("weight") for n in tensors)):
        for part in ("weight", "bias"):
            found[f"style.{j + 1}.{part}"] = tensors[f"mapping.fc{j}.{part}"]
    found["input.input"] = tensors["synthesis.b4.const"][None]
    put_layer("synthesis.b4.conv1", "conv1")
    put_layer("synthesis.b4.torgb", "to_rgb1", False)
    order = ["b4.conv1"]
    for j, r in enumerate(sizes[1:]):
        put_layer(f"synthesis.b{r}.conv0", f"convs.{2 * j}")
        put_layer(f"synthesis.b{r}.conv1", f"convs.{2 * j + 1}")
        put_layer(f"synthesis.b{r}.torgb", f"to_rgbs.{j}", False)
        kernel = torch.tensor(FILTER, dtype=torch.float32)
        found[f"convs.{2 * j}.conv.blur.kernel"] = found[f"to_rgbs.{j}.upsample.kernel"] = 4 * kernel
        order += [f"b{r}.conv0", f"b{r}.conv1"]
    for k, ours in enumerate(order):
        found[f"noises.noise_{k}"] = tensors[f"synthesis.{ours}.noise_const"][None, None]
    return found


def saved(value, zipped=True):
    """The bytes that `torch.save` writes."""
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()
