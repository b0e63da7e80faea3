"""Files are whole at every moment, and state comes back exactly as it was."""

import errno
import json
import os

import pytest
import torch

from course_lib import files
from course_lib.errors import CourseError


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_write_replaces_the_file(tmp_path):
    path = tmp_path / "file"
    files.write_atomic(path, "naïve")
    files.write_atomic(str(path), b"\0\1")
    assert path.read_bytes() == b"\0\1" and names(tmp_path) == ["file"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, call):
    path = tmp_path / "file"
    files.write_atomic(path, "old")

    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space"):
        files.write_atomic(path, "new")
    assert path.read_text() == "old" and names(tmp_path) == ["file"]


STATE = {
    "tensors": [torch.arange(6).view(2, 3), torch.tensor(1.5), torch.tensor([], dtype=torch.bfloat16)],
    "nested": {"a": {"b": torch.ones(1)}, "a/b": torch.zeros(1), 1: torch.ones(2), "1": torch.zeros(2)},
    "plain": (0, True, None, -1.5e-300, float("inf"), "ü\n", [], {}, ()),
    0: "an integer key",
    "": torch.tensor(True),
}


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b


def test_state_comes_back_as_it_was(tmp_path):
    files.save_state(tmp_path / "state", STATE)
    assert equal(files.load_state(tmp_path / "state"), STATE)
    assert names(tmp_path) == ["state"]
    assert names(tmp_path / "state") == ["checksums.json", "state.json", "state.safetensors"]


def test_tensors_may_share_memory_and_have_any_strides(tmp_path):
    base = torch.arange(12.0).view(3, 4)
    state = {"whole": base, "row": base[1], "turned": base.T, "spread": torch.ones(1).expand(5)}
    files.save_state(tmp_path / "state", state)
    assert equal(files.load_state(tmp_path / "state"), state)


def test_the_memory_layout_of_images_is_kept(tmp_path):
    """Fused optimisers pair weights and moments in memory order: a moment in another order is silently wrong."""
    x = torch.randn(2, 3, 4, 5)
    files.save_state(tmp_path / "state", [x, x.to(memory_format=torch.channels_last)])
    rows, last = files.load_state(tmp_path / "state")
    assert torch.equal(rows, x) and torch.equal(last, x)
    assert rows.is_contiguous() and last.is_contiguous(memory_format=torch.channels_last)


def test_saving_does_not_hold_on_to_the_tensors(tmp_path):
    weight = torch.nn.Parameter(torch.ones(2))
    files.save_state(tmp_path / "state", weight)
    with torch.no_grad():
        weight.zero_()
    assert files.load_state(tmp_path / "state").tolist() == [1, 1]


@pytest.mark.parametrize("wrong", [{1, 2}, object(), {"a": b"bytes"}, {(1, 2): 0}])
def test_what_cannot_be_saved_is_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(TypeError, match="cannot be saved"):
        files.save_state(tmp_path / "state", wrong)
    assert names(tmp_path) == []


def test_a_state_replaces_the_one_of_its_name(tmp_path):
    files.save_state(tmp_path / "state", torch.zeros(3))
    files.save_state(tmp_path / "state", torch.ones(2))
    assert files.load_state(tmp_path / "state").tolist() == [1, 1]
    assert names(tmp_path) == ["state"]


def test_a_failed_save_leaves_the_old_state(tmp_path, monkeypatch):
    files.save_state(tmp_path / "state", torch.zeros(3))

    def fail(descriptor):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="quota"):
        files.save_state(tmp_path / "state", torch.ones(2))
    assert files.load_state(tmp_path / "state").tolist() == [0, 0, 0]
    assert names(tmp_path) == ["state"]


def test_every_flipped_bit_is_noticed(tmp_path):
    folder = tmp_path / "state"
    files.save_state(folder, {"w": torch.arange(3.0), "step": 1})
    for name in (files.TENSORS, files.STRUCTURE):
        whole = (folder / name).read_bytes()
        for position in range(0, len(whole), 7):
            broken = bytearray(whole)
            broken[position] ^= 4
            (folder / name).write_bytes(broken)
            with pytest.raises(CourseError, match=name):
                files.load_state(folder)
        (folder / name).write_bytes(whole)
    assert files.load_state(folder)["step"] == 1


@pytest.mark.parametrize("structure", ["7", "[]", '{"$tensor": "no such"}', '{"$dict": 1}', "{}", "\ud800"])
def test_a_foreign_structure_is_refused(tmp_path, structure):
    folder = tmp_path / "state"
    files.save_state(folder, {})
    (folder / files.STRUCTURE).write_bytes(structure.encode("utf-8", "surrogatepass"))
    sums = {name: files.sha256(folder / name) for name in (files.TENSORS, files.STRUCTURE)}
    (folder / files.CHECKSUMS).write_text(json.dumps(sums))
    if structure in ("7", "[]"):  # plain values: odd, and harmless
        assert files.load_state(folder) == json.loads(structure)
        return
    with pytest.raises(CourseError, match="no state that this course wrote"):
        files.load_state(folder)


def test_a_missing_state_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"checksums\.json is missing"):
        files.load_state(tmp_path / "nowhere")
