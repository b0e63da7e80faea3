"""The files that weights come in, each read as data: plain pickles, both formats of `torch.save`, safetensors."""

import io
import mmap
import re
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from course_lib.errors import CourseError
from course_lib.files import why
from course_lib.inversion.pretrained import objects, opcodes
from course_lib.inversion.pretrained.allowed import CALLS
from course_lib.inversion.pretrained.objects import Name, Storage, Unreadable, shown

MAGIC = 0x1950A86A20F9469CFC6C  # of the format before zip files
LEGACY = 1001
ADVICE = "take the file from its authors, or have it written as safetensors by someone whom you trust"


def read(file: Path) -> Any:
    """What a file holds: a tree of plain values, tensors (`objects.Stored`) and objects (`objects.Object`).

    Raises CourseError, with what the file asks for, when it is no file of weights: nothing in it is run.
    """
    try:
        with open(file, "rb") as handle:
            # closed with the last tensor that lies in it, and not before
            whole = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        return _content(whole, memoryview(whole))
    except Unreadable as error:
        raise CourseError(f"{file} is not used: {error}; {ADVICE}.") from error
    except FileNotFoundError as error:
        raise CourseError(f"there is no file {file}: check the path.") from error
    except ValueError as error:  # mmap, of an empty file
        raise CourseError(f"{file} is empty or damaged ({error}): fetch it again.") from error
    except OSError as error:
        raise CourseError(f"{file} cannot be read ({why(error)}): give a file of weights.") from error


def _content(whole: mmap.mmap, content: memoryview) -> Any:
    size = len(content)
    if whole[:4] == b"PK\x03\x04":
        return zipped(whole, content)
    if whole[:2] == b"\x80\x02" and whole[2:4] == b"\x8a\n" and whole[4:14] == MAGIC.to_bytes(10, "little"):
        return legacy(whole, content)
    if size > 9 and whole[8:9] == b"{" and struct.unpack("<Q", whole[:8])[0] < size:
        return safetensors(content)
    if b"ustar" in whole[:512]:
        raise Unreadable("it is a tar archive, which versions of torch before 0.1.10 wrote")
    return opcodes.load(whole, size, CALLS | {"torch.storage._load_from_bytes": storage_in_bytes})


def storage_in_bytes(data: Any) -> Storage:
    """`torch.storage._load_from_bytes`, which in torch is a whole `torch.load` and could run code: here it reads a
    storage and nothing else."""
    if not isinstance(data, bytes):
        raise Unreadable("a storage in it is no bytes")
    made = legacy(io.BytesIO(data), memoryview(data))
    if not isinstance(made, Storage):
        raise Unreadable("bytes in it that should hold a storage hold something else")
    return made


def legacy(stream: BinaryIO, content: memoryview) -> Any:
    """`torch.save` before zip files: four pickles and, after a list of their names, the storages."""
    size = len(content)
    magic, protocol, system = (opcodes.load(stream, size, {}) for _ in range(3))
    if magic != MAGIC or protocol != LEGACY or not isinstance(system, dict):
        raise Unreadable("it does not begin as torch's files do")
    if system.get("little_endian") is not True:
        raise Unreadable("it was written by a machine with another order of bytes")
    storages: dict[str, Storage] = {}

    def find(identity: Any) -> Storage:
        name, made = _identified(identity, size)
        if len(identity) > 5 and identity[5] is not None:
            raise Unreadable("it has views of storages, which versions of torch before 0.4 wrote")
        return storages.setdefault(name, made)

    tree = opcodes.load(stream, size, CALLS, find)
    names = opcodes.load(stream, size, {})
    if not isinstance(names, list) or sorted(map(str, names)) != sorted(storages):
        raise Unreadable("the storages in it are not those that its tensors need")
    at = stream.tell()
    for name in names:
        storage = storages[name]
        end = at + 8 + storage.count * storage.dtype.itemsize
        if end > size or struct.unpack("<q", content[at : at + 8])[0] != storage.count:
            raise Unreadable("it is cut: storages are missing at its end")
        storage.data, at = content[at + 8 : end], end
    return tree


def zipped(whole: mmap.mmap, content: memoryview) -> Any:
    """`torch.save` since 1.6: a zip archive with `data.pkl` and a member for each storage, none compressed."""
    try:
        archive = zipfile.ZipFile(whole)  # type: ignore[arg-type]  # it reads, seeks and tells
        members = {info.filename: info for info in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        raise Unreadable(f"it is a damaged zip archive ({shown(str(error))})") from error
    pickles = [name for name in members if re.fullmatch(r"([^/]+/)?data\.pkl", name)]
    if len(pickles) != 1 or any("/code/" in name or name.endswith("constants.pkl") for name in members):
        kind = "a TorchScript program" if len(members) > 1 else "a zip archive"
        raise Unreadable(f"it is {kind}, and no file of weights that torch.save wrote")
    top = pickles[0].removesuffix("data.pkl")
    if f"{top}byteorder" in members and bytes(_member(content, members[f"{top}byteorder"])) != b"little":
        raise Unreadable("it was written by a machine with another order of bytes")
    storages: dict[str, Storage] = {}

    def find(identity: Any) -> Storage:
        name, made = _identified(identity, len(content))
        if name not in storages:
            if f"{top}data/{name}" not in members:
                raise Unreadable(f"the storage {shown(name)} is missing in it")
            made.data = _member(content, members[f"{top}data/{name}"])
            if len(made.data) != made.count * made.dtype.itemsize:
                raise Unreadable(
                    f"the storage {shown(name)} in it has {len(made.data):,} bytes, not what it says"
                )
            storages[name] = made
        return storages[name]

    instructions = _member(content, members[pickles[0]])
    return opcodes.load(io.BytesIO(instructions), len(content), CALLS, find)


def _identified(identity: Any, size: int) -> tuple[str, Storage]:
    """The name of a storage and the storage, still without numbers, of what torch writes as its persistent id."""
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        raise Unreadable(f"it refers to something outside of itself ({shown(identity)})")
    _, kind, name, _, count, *_ = identity
    if not isinstance(kind, Name) or type(name) is not str:
        raise Unreadable("a storage in it has no kind or no name")
    made = Storage(objects.storage_type(kind), objects.wholes((count,))[0])
    if made.count * made.dtype.itemsize > size:
        raise Unreadable(f"a storage of {made.count:,} numbers in it is larger than the file")
    return name, made


def _member(content: memoryview, info: zipfile.ZipInfo) -> memoryview:
    """The bytes of a member that is stored as it is. Raises Unreadable for a compressed one, which could be a bomb."""
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise Unreadable(
            f"its member {shown(info.filename)} is compressed, and torch.save compresses nothing"
        )
    at = info.header_offset
    if content[at : at + 4] != b"PK\x03\x04" or at + 30 > len(content):
        raise Unreadable(f"its member {shown(info.filename)} is not where the archive says")
    names, extra = struct.unpack("<HH", content[at + 26 : at + 30])
    begin = at + 30 + names + extra
    if begin + info.file_size > len(content):
        raise Unreadable(f"its member {shown(info.filename)} is cut")
    return content[begin : begin + info.file_size]


def safetensors(content: memoryview) -> dict[str, Any]:
    """A flat dictionary of tensors; the format has no place for code."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return dict(load(bytes(content)))
    except SafetensorError as error:
        raise Unreadable(f"it is damaged ({shown(str(error))})") from error
