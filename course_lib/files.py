"""Files that survive a crash, and nested state as safetensors and JSON, which cannot run code when loaded.

A write goes to a name beside the target, reaches the disk, and only then takes the target's name: at every moment
the target is the old version or the new one, whole.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from course_lib import notices
from course_lib.errors import CourseError

TENSORS, STRUCTURE, CHECKSUMS = "state.safetensors", "state.json", "checksums.json"
# what a file system answers to a request that it does not know
UNKNOWN_REQUEST = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY}
NO_LOCKS = UNKNOWN_REQUEST | {errno.ENOLCK}
REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would exceed the size limit set for this process",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.ENOTDIR: "a part of that path is a file",
    errno.EEXIST: "a part of that path is a file",
    errno.EIO: "the disk reports an error",
    errno.ESTALE: "the network disk has lost it",
}


def why(error: OSError) -> str:
    """What went wrong, as a clause: "the disk is full"."""
    return REASONS.get(error.errno or 0, error.strerror or str(error))


def of_the_disk(error: BaseException) -> TypeGuard[OSError]:
    """Whether it is a disk that has failed, and not a network."""
    return isinstance(error, OSError) and error.errno in REASONS


def synced(handle: int, what: Path) -> None:
    """Ask the disk to keep what was written. Some network file systems do not know the request: work goes on."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNKNOWN_REQUEST:
            raise
        notices.say(
            f"the file system of {what} cannot be asked to keep what was written ({error.strerror}): this goes on, and "
            f"only a power failure could lose the last minutes.",
            once="sync",
        )


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Ask the disk to remember the folder's entries (a rename is not durable before this)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        synced(handle, folder)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold the lock of that file, waiting for it; it dies with its process. Gives whether there are locks.

    Another user's file will do, though it may only be read. Raises OSError when there is none and none can be made.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        if not path.exists():
            raise
        handle = os.open(path, os.O_RDONLY)
    try:
        held = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            # some network disks lock only what may be written
            if error.errno not in NO_LOCKS | {errno.EBADF}:
                raise
            held = False
            notices.say(
                f"the file system of {path.parent} has no locks ({error.strerror}): this goes on without, and two "
                f"processes may do the same work there.",
                once="locks",
            )
        yield held
    finally:
        os.close(handle)


def owner(path: Path) -> str:
    """Who owns a path, or the nearest folder above it that exists: a name, or a number without one."""
    import pwd

    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    number = there.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def write_atomic(path: Path | str, content: bytes | str) -> None:
    """Replace `path` by `content` so that a reader, or a crash, sees the old file or the new one.

    Raises OSError (a full disk, a folder without permission) with the old file untouched and nothing left behind.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(aside, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            synced(file.fileno(), path.parent)
        os.replace(aside, path)
        sync_folder(path.parent)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def free_name(path: Path) -> Path:
    """`path` where nothing lies, else the first of NAME-2, NAME-3, ... where nothing does."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


@dataclass(frozen=True)
class Snapshot:
    """A copy of a nested state on the CPU, as `save_state` writes it: what the state comes to be later is not in it."""

    structure: Any
    tensors: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, tree: Any) -> "Snapshot":
        """Of dicts, lists, tuples, tensors, numbers, strings and None. Raises TypeError for anything else."""
        tensors: dict[str, Any] = {}
        return cls(packed(tree, tensors), tensors)


def save_state(folder: Path | str, tree: Any) -> None:
    """Write a nested state (dicts, lists, tuples, tensors, numbers, strings, None) as one folder, all or nothing.

    Tensors go to `state.safetensors`, the rest to `state.json`, their checksums to `checksums.json`. A folder of
    that name is replaced. tree: the state, or a `Snapshot` of it.
    Raises OSError with that folder untouched, TypeError for anything else in the tree.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    folder = Path(folder)
    snapshot = tree if isinstance(tree, Snapshot) else Snapshot.of(tree)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        # that one alone: a run that was moved away must not come back as a husk
        folder.parent.mkdir(exist_ok=True)
        aside.mkdir()
        save_file(snapshot.tensors, aside / TENSORS)
        (aside / STRUCTURE).write_text(json.dumps(snapshot.structure))
        shutil.copymode(aside / STRUCTURE, aside / TENSORS)  # safetensors writes for the owner alone
        for name in (TENSORS, STRUCTURE):
            with open(aside / name, "rb+") as file:
                synced(file.fileno(), folder.parent)
        write_atomic(aside / CHECKSUMS, json.dumps({n: sha256(aside / n) for n in (TENSORS, STRUCTURE)}))
        replaced = folder.with_name(f".{folder.name}.{os.getpid()}.old.tmp")
        if folder.exists():  # a folder cannot be replaced in one step: keep the moment without it short
            os.replace(folder, replaced)
        os.replace(aside, folder)
        sync_folder(folder.parent)
        shutil.rmtree(replaced, ignore_errors=True)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        # safetensors reports a failed write as its own error: give callers the OSError that it stands for
        if isinstance(error, SafetensorError) and (code := re.search(r"os error (\d+)", str(error))):
            raise OSError(int(code[1]), os.strerror(int(code[1])), str(folder)) from error
        raise


def load_state(folder: Path | str) -> Any:
    """Read what `save_state` wrote. Tensors come back on the CPU, each in the memory layout it had.

    Raises CourseError when a file is missing, does not match its checksum, or is not of this format (a pickle,
    for instance: it is refused unopened).
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    try:
        checksums = json.loads((folder / CHECKSUMS).read_text())
        damaged = [n for n in (TENSORS, STRUCTURE) if sha256(folder / n) != checksums[n]]
        if damaged:
            raise CourseError(
                f"{folder / damaged[0]} is damaged (its checksum does not match): delete {folder} and use an "
                f"earlier checkpoint, or fetch the file again."
            )
        return unpacked(json.loads((folder / STRUCTURE).read_text()), load_file(folder / TENSORS))
    except FileNotFoundError as error:
        others = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        pickled = [n for n in others if n.endswith((".pt", ".pth", ".pkl", ".ckpt", ".bin"))]
        if pickled:
            raise CourseError(
                f"{folder / pickled[0]} is a pickle, which can run code when loaded, and is not opened: "
                f"convert it to safetensors on a machine that you trust."
            ) from error
        raise CourseError(
            f"{error.filename} is missing, so {folder} holds no complete state: delete that folder and use an "
            f"earlier checkpoint."
        ) from error
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CourseError(
            f"{folder} holds no state that this course wrote ({type(error).__name__}: {error}): delete that folder "
            f"and use an earlier checkpoint."
        ) from error


def packed(node: Any, tensors: dict[str, Any], path: str = "") -> Any:
    """Replace each tensor of a tree by a reference, and what JSON cannot say (tuples, integer keys) by a tag."""
    import torch

    if isinstance(node, torch.Tensor):
        while path in tensors:  # the keys 1 and "1" would share a name
            path += "'"
        # a copy of its own: safetensors refuses tensors that share memory, and insists on dense row-major ones
        tensors[path] = node.detach().to("cpu", copy=True).contiguous()
        # fused optimisers walk through weights and moments in memory order: the two must agree after a resume
        last = node.ndim == 4 and node.is_contiguous(memory_format=torch.channels_last)
        return {"$channels_last" if last and not node.is_contiguous() else "$tensor": path}
    if isinstance(node, dict) and all(isinstance(k, (str, int)) for k in node):
        return {"$dict": [[k, packed(v, tensors, f"{path}/{k}")] for k, v in node.items()]}
    if isinstance(node, (list, tuple)):
        tag = "$tuple" if isinstance(node, tuple) else "$list"
        return {tag: [packed(v, tensors, f"{path}/{i}") for i, v in enumerate(node)]}
    if node is None or isinstance(node, (bool, int, float, str)):
        return node
    raise TypeError(f"state at {path or '/'} holds a {type(node).__name__}, which cannot be saved")


def unpacked(node: Any, tensors: dict[str, Any]) -> Any:
    """The tree that `packed` has taken apart."""
    if not isinstance(node, dict):
        return node
    ((tag, value),) = node.items()
    if tag == "$tensor":
        return tensors[value]
    if tag == "$channels_last":
        import torch

        return tensors[value].contiguous(memory_format=torch.channels_last)
    if tag == "$dict":
        return {k: unpacked(v, tensors) for k, v in value}
    items = [unpacked(v, tensors) for v in value]
    return tuple(items) if tag == "$tuple" else items
