"""Flickr-Faces-HQ: portraits in a folder, or a zip, of a thousand numbered pictures a subfolder."""

from pathlib import Path

from course_lib.data.folders import renderer
from course_lib.data.images import Raw
from course_lib.data.pictures import is_picture
from course_lib.data.published import Published
from course_lib.data.zips import shelf_of
from course_lib.errors import CourseError

IMAGES = ("images1024x1024", "images1024x1024.zip", "thumbnails128x128", "thumbnails128x128.zip")


class FFHQ(Published):
    """70,000 aligned portraits (Karras, Laine and Aila 2019, arXiv:1812.04948), 1024 × 1024 or thumbnails of 128.

    The first 60,000 train and the last 10,000 test, as its authors say. The large pictures are read where they lie,
    whatever the resolution; thumbnails stand in for them up to 128 pixels and are never enlarged.
    """

    name, title, native, images = "ffhq", "FFHQ", None, "60,000 + 10,000"
    licence, size = "CC BY-NC-SA 4.0", "89 GB, the thumbnails 2 GB"
    how = (
        "get images1024x1024 or thumbnails128x128 with the script of https://github.com/NVlabs/ffhq-dataset "
        "(`python download_ffhq.py --thumbs` or `--images`) and set COURSE_DATA to a folder that holds it in "
        "ffhq/, as a folder or a zip"
    )
    folders = ("ffhq", "FFHQ", "ffhq-dataset", ".")
    parts = (IMAGES,)

    def __init__(self, train: int = 60_000, test: int = 10_000):
        self.train, self.test = train, test

    def raw(self, split: str) -> Raw:
        place = self.part(self.required(), IMAGES)
        shelf, total = shelf_of(place), self.train + self.test
        names = [name for name, _ in shelf.entries() if is_picture(name)]
        by_number = {int(stem): name for name in names if (stem := Path(name).stem).isdecimal()}
        if by_number.keys() != set(range(total)):
            lacking = sorted(set(range(total)) - by_number.keys())[:3]
            which = f", such as {', '.join(f'{n:05}.png' for n in lacking)}" if lacking else ""
            raise CourseError(
                f"{place} holds {len(by_number):,} numbered pictures and not FFHQ's {total:,}{which}: run its "
                "download again, or open it as a folder of your own by its path."
            )
        wanted = range(self.train) if split == "train" else range(self.train, total)
        render = renderer(shelf, [by_number[n] for n in wanted], 3)

        def checked(numbers, resolution):
            if resolution > 128 and place.name.startswith("thumbnails"):
                raise CourseError(
                    f"{place} holds thumbnails of 128 × 128: ask for at most that, or get images1024x1024."
                )
            return render(numbers, resolution)

        return Raw(len(wanted), 3, None, (), checked)
