"""Which number formats are multiplied while something runs."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_PRODUCTS = {torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.bmm, torch.ops.aten.convolution}


class Products(TorchDispatchMode):
    """Notes the formats of the tensors in every matrix product and convolution: `formats`."""

    def __init__(self):
        super().__init__()
        self.formats: set[torch.dtype] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket in _PRODUCTS:
            self.formats |= {arg.dtype for arg in args if isinstance(arg, torch.Tensor)}
        return function(*args, **(kwargs or {}))
