"""Folders of pictures, and what was found in them."""

from collections import Counter


def counts(source) -> dict[str, Counter]:
    """How many pictures of each class each split has."""
    found = {}
    for split in source.splits:
        raw = source.raw(split)
        found[split] = Counter(raw.classes[label] for label in raw.labels)
    return found


def grown(files, folder, layout: dict[str, int]):
    """Pictures below a folder: how many in each subfolder."""
    number = 0
    for name, count in layout.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            files.picture(number).save(folder / name / f"{i:03}.png")
            number += 1
    return folder
