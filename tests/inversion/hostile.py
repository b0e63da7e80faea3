"""Files that would run code, fill the memory or never end, where Python's or torch's own loader reads them.

Each makes a file CANARY in the current folder when it runs. `RUNS` are those of which a test sees that they do run
under `pickle.loads`: so a test that finds no canary has found something out.
"""

import copyreg
import functools
import io
import os
import pickle
import runpy
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from inversion import published

CANARY = "canary"
TOUCH = f"touch {CANARY}"
CODE = f"open({CANARY!r}, 'w').close()"
WORD = CODE.encode()


class Call:
    """Pickled as a call."""

    def __init__(self, function, *arguments, state=None):
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.reduced


class Made:
    """Pickled by NEWOBJ_EX: an object of a class with keywords."""

    def __reduce_ex__(self, protocol):
        return copyreg.__newobj_ex__, (functools.partial, (os.system, TOUCH), {})


def short(word):
    return b"\x8c" + bytes([len(word)]) + word.encode()


def stack_global(module, name):
    return short(module) + short(name) + b"\x93"


def calls(module, name, *words, protocol=4):
    """Opcodes: the function of that name, called with words."""
    head = b"\x80" + bytes([protocol]) + stack_global(module, name)
    return head + b"(" + b"".join(short(word) for word in words) + b"tR."


def inside(value):
    """Among a generator's weights, as an official pickle has them."""
    return published.official(published.weights(), augment_pipe=value)


def nested():
    """Bytes for `torch.storage._load_from_bytes` that are a pickle of their own."""
    return (
        b"ctorch.storage\n_load_from_bytes\n" + pickle.dumps(pickle.dumps(Call(os.system, TOUCH), 2), 3)[2:-1]
    )


def legacy(evil):
    """torch's old format, with a call where its storage should be."""
    heads = [pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join([*heads, pickle.dumps(evil, 2), pickle.dumps([], 2)])


def zipped(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("pickle")
        info.size = len(content := pickle.dumps(Call(os.system, TOUCH)))
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def deep(kind, times=50_000):
    """Lists in lists, or tuples in tuples as the key of a dictionary: to walk there ends Python."""
    if kind == "key":
        return b"\x80\x04}(" + b")" + b"\x85" * times + b"Nu."
    return b"\x80\x04" + b"]" * times + b"a" * (times - 1) + b"."


def persistent_storage(count, kind="FloatStorage", name="0", tag="storage"):
    """data.pkl of a zip file: a tensor in a storage of `count` numbers."""
    identity = (tag, kind, name, "cpu", count)
    body = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((" + _word(tag) + f"ctorch\n{kind}\n".encode()
    body += _word(identity[2]) + _word("cpu") + pickle.dumps(count, 2)[2:-1] + b"tQ"
    return body + pickle.dumps((0, (count,), (1,), False), 2)[2:-1][1:-1] + b"tR."


def _word(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def stretched():
    """A tensor of a thousand billion numbers that all lie in one place."""
    return published.saved({"input.input": torch.ones(1).expand(10**12)})


def objects():
    array = np.empty(1, dtype=object)
    array[0] = Call(os.system, TOUCH)
    return pickle.dumps(array, 4)


def persistent(meta):
    return published.dumped({"G_ema": Call(published._reconstruct_persistent_obj, meta)})


def within_itself():
    """Each time that its modules are walked through there are twice as many."""
    meta = (
        b"}"
        + _word("class_name")
        + _word("G")
        + b"s"
        + _word("state")
        + b"}"
        + _word("_modules")
        + b"}q\x05ss"
    )
    made = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + meta + b"\x85Rq\x06"
    return b"\x80\x02" + made + b"h\x05" + _word("a") + b"h\x06s" + _word("b") + b"h\x06s0."


GOOD = published.official(published.weights())

# what runs when Python's own machine reads it
RUNS = {
    **{f"os.system in protocol {p}": pickle.dumps(Call(os.system, TOUCH), p) for p in range(6)},
    "eval": pickle.dumps(Call(eval, CODE)),
    "exec": pickle.dumps(Call(exec, CODE)),
    "a file opened": pickle.dumps(Call(open, CANARY, "w")),
    "a shell": pickle.dumps(Call(subprocess.check_call, ["touch", CANARY])),
    "getattr after import": pickle.dumps(Call(getattr, Call(__import__, "os"), "system"))[:-1]
    + b"(" + _word(TOUCH) + b"tR.",
    "functools.partial": pickle.dumps(functools.partial(os.system, TOUCH))[:-1] + b")R.",
    "a dotted name": calls("torch", "serialization.os.system", TOUCH),
    "os by another module": calls("posixpath", "os.system", TOUCH),
    "posix": calls("posix", "system", TOUCH),
    "codecs.open": calls("codecs", "open", CANARY, "w"),
    "numpy's array of objects": objects(),
    "a nested torch.load": b"\x80\x03" + nested() + b"\x85R.",
    "INST": b"(S'" + TOUCH.encode() + b"'\nios\nsystem\n.",
    "OBJ": b"(cbuiltins\nexec\nS\"" + WORD + b"\"\no.",
    "NEWOBJ_EX, then a call": pickle.dumps(Made(), 4)[:-1] + b")R.",
    "BUILD of a partial": b"\x80\x04cfunctools\npartial\ncbuiltins\nlen\n\x85R(cos\nsystem\n"
    + b"(" + _word(TOUCH) + b"t}Ntb)R.",
    "BUILD with __setstate__": b"\x80\x04cargparse\nNamespace\n)\x81}" + _word("__setstate__")
    + b"cos\nsystem\nsb" + _word(TOUCH) + b"b.",
    "an attribute of an allowed class": b"\x80\x04" + stack_global("collections", "OrderedDict.fromkeys.__class__")
    + b"0" + pickle.dumps(Call(os.system, TOUCH), 4)[2:],
    "a name put into the memo": b"\x80\x02cos\nsystem\nq\x000h\x00" + b"(" + _word(TOUCH) + b"tR.",
    "the extension registry": b"\x80\x02\x82\xf0(" + _word(TOUCH) + b"tR.",
    "runpy": pickle.dumps(Call(runpy.run_path, "evil.py")),
    "a pickle in a pickle": pickle.dumps(Call(pickle.loads, pickle.dumps(Call(os.system, TOUCH)))),
    "Path.touch": pickle.dumps(Call(Path.touch, Path(CANARY))),
}  # fmt: skip

# what harms otherwise, or runs under torch's loader, or asks for what no weights need
OTHERS = {
    "os.system beside weights": inside(Call(os.system, TOUCH)),
    "an old torch file with a call": legacy(Call(os.system, TOUCH)),
    "a torch file with a call": zipped({"archive/data.pkl": pickle.dumps(Call(os.system, TOUCH), 2)}),
    "TorchScript": zipped({"m/data.pkl": b"\x80\x02N.", "m/code/a.py": CODE, "m/constants.pkl": b"\x80\x02N."}),
    "a tar file": tarred(),
    "a compressed member": zipped({"a/data.pkl": b"\x80\x02" + b"]0" * 10**6 + b"N."}, zipfile.ZIP_DEFLATED),
    "a storage larger than the file": zipped({"a/data.pkl": persistent_storage(2**40), "a/data/0": b"1234"}),
    "a storage with fewer bytes": zipped({"a/data.pkl": persistent_storage(4), "a/data/0": b"1234"}),
    "a storage that is not there": zipped({"a/data.pkl": persistent_storage(1)}),
    "a storage of a strange kind": zipped({"a/data.pkl": persistent_storage(1, "PyObjectStorage")}),
    "a reference to something else": zipped({"a/data.pkl": persistent_storage(1, tag="module")}),
    "a tensor that is stretched": stretched(),
    "a persistent id": b"Pcanary\n.",
    "a persistent id of bytes": b"\x80\x02" + _word("canary") + b"Q.",
    "a word of 2^60 bytes": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"a.",
    "bytes of 2^60": b"\x80\x05\x8e" + struct.pack("<Q", 2**60) + b"a.",
    "a bytearray of 2^60": b"\x80\x05\x96" + struct.pack("<Q", 2**60) + b"a.",
    "a number of 2^31 bytes": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"a.",
    "a frame of 2^60 bytes": b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N.",
    "a header of 2^60 bytes": struct.pack("<Q", 2**60) + b'{"a": 1}' * 8,
    "safetensors whose header lies": struct.pack("<Q", 60)
    + b'{"a":{"dtype":"F32","shape":[99999999],"data_offsets":[0,4]}}'.ljust(60) + b"1234",
    "a number of a million digits": b"I" + b"9" * 10**6 + b"\n.",
    "protocol 200": b"\x80\xc8N.",
    "a buffer from outside": b"\x80\x05\x97.",
    "an unknown instruction": b"\x80\x02\xff.",
    "a pickle without an end": b"\x80\x02]q\x00",
    "a stack that is empty": b"\x80\x02.",
    "a mark that is missing": b"\x80\x02t.",
    "a memo that is empty": b"\x80\x02h\x07.",
    "a list that holds itself": b"\x80\x02]q\x00h\x00a.",
    "a dictionary that holds itself": b"\x80\x02}q\x00" + _word("G_ema") + b"h\x00s.",
    "a deep list": deep("list"),
    "a deep key": deep("key"),
    "the same data made again and again": b"\x80\x02c_codecs\nencode\nq\x01" + _word("x" * 50_000) + b"q\x02"
    + _word("latin1") + b"\x86q\x030" + b"h\x01h\x03R0" * 2_000 + b"N.",
    "another codec": calls("_codecs", "encode", "canary", "rot13"),
    "codecs.decode": calls("_codecs", "decode", "canary", "zip"),
    "an object rebuilt": b"ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nobject\nNtR.",
    "torch.load by name": calls("torch.serialization", "load", "evil.pt"),
    "torch.jit.load": calls("torch.jit", "load", "evil.pt"),
    "torch.hub": calls("torch.hub", "load", "canary/canary", "canary"),
    "code by marshal": calls("marshal", "loads", "x"),
    "a module's attribute": calls("operator", "attrgetter", "system"),
    "collections.namedtuple": calls("collections", "namedtuple", "canary", "a b"),
    "a name with control characters": calls("os\x1b[2J\n", "system", TOUCH),
    "a name of 200 characters": calls("o" * 200, "system", TOUCH),
    "a call of what is no function": b"\x80\x02" + _word(TOUCH) + b")R.",
    "a call of a class that is only mentioned": b"\x80\x02cnumpy\nndarray\n)R.",
    "a persistent object without a state": persistent(published.EasyDict(class_name="x")),
    "a module within itself": within_itself(),
    **{f"weights cut at {share:.0%}": GOOD[: int(len(GOOD) * share)] for share in (0.05, 0.3, 0.6, 0.99)},
}  # fmt: skip


def in_registry():
    """Make code 240 of the extension registry os.system."""
    copyreg.add_extension("os", "system", 240)


def out_of_registry():
    copyreg.remove_extension("os", "system", 240)
    copyreg.clear_extension_cache()
