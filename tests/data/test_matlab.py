import io
import struct
import zlib

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from course_lib.data import matlab

RNG = np.random.default_rng(0)
ARRAYS = {
    "bytes": RNG.integers(0, 256, (3, 4, 2, 5), dtype=np.uint8),
    "tiny": np.array([[7]], np.uint8),
    "doubles": RNG.normal(size=(4, 3)),
    "singles": RNG.normal(size=(2, 2)).astype(np.float32),
    "shorts": RNG.integers(-9, 9, (5, 1), dtype=np.int16),
    "longs": RNG.integers(-9, 9, (1, 5), dtype=np.int64),
    "empty": np.zeros((0, 3)),
}


def written(arrays, path, **options):
    savemat(path, arrays, **options)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_arrays_are_what_scipy_reads(tmp_path, packed):
    path = written({**ARRAYS, "text": "hello", "cell": np.array([1, "a"], object)}, tmp_path / "a.mat",
                   do_compression=packed)  # fmt: skip
    found, expected = matlab.read(path, tuple(ARRAYS), 1 << 20), loadmat(path)
    assert found.keys() == ARRAYS.keys()
    for name, array in found.items():
        assert array.dtype == expected[name].dtype and np.array_equal(array, expected[name])


def test_the_other_byte_order_and_numbers_stored_smaller_than_their_class(tmp_path):
    """Written by hand after the format's description: doubles that MATLAB stores as bytes, on a big-endian machine."""

    def part(kind, body):
        return struct.pack(">II", kind, len(body)) + body + bytes(-len(body) % 8)

    body = part(6, struct.pack(">II", 6, 0)) + part(5, struct.pack(">ii", 2, 3))
    body += struct.pack(">HHc3x", 1, 1, b"y") + part(2, bytes(range(6)))
    packed = zlib.compress(struct.pack(">II", 14, len(body)) + body)
    content = b"MATLAB 5.0".ljust(124) + b"\1\0MI" + struct.pack(">II", 15, len(packed)) + packed
    (tmp_path / "a.mat").write_bytes(content)
    assert loadmat(tmp_path / "a.mat")["y"].tolist() == [[0, 2, 4], [1, 3, 5]]
    found = matlab.read(tmp_path / "a.mat", ("y",), 1 << 20)["y"]
    assert found.dtype == np.float64 and found.tolist() == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.parametrize("name", ["text", "cell", "complex"])
def test_what_is_no_array_of_real_numbers_is_refused_by_name(tmp_path, name):
    other = {"text": "hello", "cell": np.array([1, "a"], object), "complex": np.array([[1j]])}
    path = written({name: other[name]}, tmp_path / "a.mat")
    with pytest.raises(ValueError, match=name):
        matlab.read(path, (name,), 1 << 20)


def test_an_array_that_unpacks_to_too_much_is_refused(tmp_path):
    path = written({"X": np.zeros((1000, 1000), np.uint8)}, tmp_path / "a.mat", do_compression=True)
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match="too large"):
        matlab.read(path, ("X",), 1 << 16)
    assert matlab.read(path, ("X",), 1 << 20)["X"].shape == (1000, 1000)


def test_an_older_level_is_refused(tmp_path):
    file = io.BytesIO()
    savemat(file, {"X": np.eye(2)}, format="4")
    (tmp_path / "a.mat").write_bytes(file.getvalue())
    with pytest.raises(ValueError, match="level 5"):
        matlab.read(tmp_path / "a.mat", ("X",), 1 << 20)
