"""LSUN: rooms and buildings, each category an LMDB database of encoded pictures."""

import io
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.data.images import Damaged, Raw
from course_lib.data.pictures import MOST_BYTES, decode, reason
from course_lib.data.published import Published
from course_lib.errors import CourseError

CATEGORIES = {  # images to train on, gigabytes
    "bedroom": (3_033_042, 43),
    "bridge": (818_687, 15),
    "church_outdoor": (126_227, 2),
    "classroom": (168_103, 3),
    "conference_room": (229_069, 4),
    "dining_room": (657_571, 11),
    "kitchen": (2_212_277, 33),
    "living_room": (1_315_802, 21),
    "restaurant": (626_331, 13),
    "tower": (708_264, 11),
}
STRIDE = 32  # of every so many keys one is remembered; the others are reached from there


class LSUN(Published):
    """One category of the scenes (Yu et al. 2015, arXiv:1506.03365), the shorter side 256 pixels.

    Splits are the authors': `CATEGORY_train_lmdb` to train, `CATEGORY_val_lmdb`, 300 pictures, to test.
    """

    native, licence = None, "none stated; for research"
    folders = ("lsun", "LSUN", ".")

    def __init__(self, category: str):
        self.name, self.title = f"lsun/{category}", f"LSUN's {category}"
        self.stem = category
        count, gigabytes = CATEGORIES[category]
        self.images, self.size = f"{count:,} + 300", f"{gigabytes} GB"
        self.parts = ((f"{category}_train_lmdb",),)
        self.how = (
            f"get it with the script of https://github.com/fyu/lsun (`python3 download.py -c {category}`), unzip "
            f"{category}_train_lmdb.zip and {category}_val_lmdb.zip, set COURSE_DATA to a folder that holds both in "
            "lsun/, and run `pip install lmdb`"
        )

    def raw(self, split: str) -> Raw:
        folder = self.required() / f"{self.stem}_{'train' if split == 'train' else 'val'}_lmdb"
        if not folder.is_dir():
            raise CourseError(f"{folder} is missing: get that folder too, or use the other split.")
        database = opened(folder)
        return Raw(database.count, 3, None, (), database.render)


_open: weakref.WeakValueDictionary[Path, "Database"] = weakref.WeakValueDictionary()


def opened(folder: Path) -> "Database":
    """The database of a folder. LMDB allows a process to open it once, so whoever still holds it shares it."""
    folder = folder.resolve()
    database = _open.get(folder)
    if database is None:
        database = _open[folder] = Database(folder)
    return database


class Database:
    """Pictures of an LMDB folder in the order of their keys. `count` of them; the keys are not kept in memory.

    Raises CourseError when the package lmdb is missing, or the folder holds no whole database.
    """

    def __init__(self, folder: Path):
        try:
            import lmdb
        except ModuleNotFoundError as error:
            raise CourseError(
                f"{folder} is an LMDB database, which the package lmdb reads: run `pip install lmdb`."
            ) from error
        self.folder = folder
        try:
            size = (folder / "data.mdb").stat().st_size
            # no lock file is written: the folder may be read-only, and nobody writes to it
            self.environment = lmdb.open(
                str(folder),
                readonly=True,
                lock=False,
                create=False,
                readahead=False,
                meminit=False,
                max_readers=64,
            )
            statistics, info = self.environment.stat(), self.environment.info()
            pages = (info["last_pgno"] + 1) * statistics["psize"]
            if size < pages:  # reading past the end of a mapped file would kill the process
                raise ValueError(f"data.mdb has {size:,} bytes of {pages:,}")
            with self.environment.begin() as transaction:
                keys = transaction.cursor().iternext(keys=True, values=False)
                self.anchors, self.count = [], 0
                for key in keys:
                    if self.count % STRIDE == 0:
                        self.anchors.append(bytes(key))
                    self.count += 1
            if self.count == 0:
                raise ValueError("it holds no picture")
        except (OSError, ValueError, lmdb.Error) as error:
            raise CourseError(
                f"{folder} holds no whole LMDB database ({reason(error, folder)}): unzip it again."
            ) from error

    def render(self, numbers: Sequence[int], resolution: int) -> list[np.ndarray | Damaged]:
        """The pictures at these places, each uint8 (3, resolution, resolution) or what is wrong with it."""
        made: list[np.ndarray | Damaged] = []
        with self.environment.begin(buffers=True) as transaction, transaction.cursor() as cursor:
            at = None
            for number in numbers:
                if at is None or not at < number <= at + STRIDE:
                    at = number - number % STRIDE
                    cursor.set_key(self.anchors[number // STRIDE])
                while at < number:
                    cursor.next()
                    at += 1
                name, value = bytes(cursor.key()).decode("ascii", "replace"), cursor.value()
                if len(value) > MOST_BYTES:
                    made.append(Damaged(name, f"{len(value):,} bytes are no picture"))
                    continue
                try:
                    made.append(decode(io.BytesIO(value), resolution, 3, name=name))
                except Damaged as error:
                    made.append(error)
        return made
