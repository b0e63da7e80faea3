"""A class of sixty files in each platform's layout: collected and graded, nothing lost, every file accounted for.

What stands in each notebook is its owner's name. In place of sandboxes and a judge there is one who says what he has
read: so a page that holds another's answers, or a file that nobody has read, is seen, and the test takes a second.
"""

import csv
import json
import zipfile
from contextlib import nullcontext

import pytest

from course_lib import cli
from course_lib.checks.api import of_chapter
from course_lib.grading import grade

CHAPTER = "01-gan-game"
FIRST = [
    "Ada",
    "Bo",
    "Chloé",
    "Dmitri",
    "Éva",
    "Fu",
    "Gül",
    "Hans Peter",
    "Ida-Maria",
    "José",
    "Kim",
    "Łucja",
    "Mo",
]
LAST = ["Ångström", "O'Neill", "Ray", "van der Berg"]
# 52 people; the first two have one name
PEOPLE = [f"{first} {last}" for last in LAST for first in FIRST]
PEOPLE[1] = PEOPLE[0]
OLDER, OTHERS = range(10, 15), ("report.pdf", "notes.docx", "photo.jpg")


def moodle(n, file=f"{CHAPTER}.ipynb"):
    # folders, and for some the files themselves, as the option of the download says
    return f"{PEOPLE[n]}_{4700 + n}_assignsubmission_file_{'/' if n % 4 else ''}{file}"


def canvas(n, file=f"{CHAPTER}.ipynb", attempt=2):
    login = "".join(letter for letter in PEOPLE[n].lower() if letter.isalnum())
    again = file.replace(".ipynb", "-1.ipynb") if n in OLDER and attempt == 2 else file
    return f"{login}{'_LATE' if n % 7 == 0 else ''}_{5500 + n}_{9000 + 100 * attempt + n}_{again}"


def nbgrader(n, file=f"{CHAPTER}.ipynb", day=24):
    login = f"{PEOPLE[n].lower().replace(' ', '.')}{n}"
    return f"inbound/{login}+{CHAPTER}+2026-11-{day} 10:{n:02}:00 UTC+random{n}/{file}"


def older(platform, n):
    if platform is moodle:
        return moodle(n, f"attempt1/{CHAPTER}.ipynb") if n % 4 else moodle(n, f"{CHAPTER} (1).ipynb")
    return canvas(n, attempt=1) if platform is canvas else nbgrader(n, day=23)


def zipped(path, platform):
    """52 notebooks, 5 older ones, 3 files that are none."""
    with zipfile.ZipFile(path, "w") as archive:
        for n, person in enumerate(PEOPLE):
            archive.writestr(
                zipfile.ZipInfo(platform(n), (2026, 11, 24, 10, 0, 0)), json.dumps(f"{n} {person}")
            )
        for n in OLDER:
            archive.writestr(
                zipfile.ZipInfo(older(platform, n), (2026, 11, 23, 10, 0, 0)), '"an older attempt"'
            )
        for n, name in enumerate(OTHERS):
            archive.writestr(platform(n, name), "of another kind")


class Reader:
    """A dispatcher whose verdict on a notebook is what stands in it."""

    def __init__(self, **settings):
        about = {"written": 0, "seconds": 1.0, "judged": True}
        exercises = [e for e in of_chapter(CHAPTER) if e.checker]
        self.exercises = {
            CHAPTER: [
                about | {k: getattr(e, k) for k in ("name", "title", "points", "pointer")}
                for e in exercises[:1]
            ]
        }

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def grade(self, jobs, workers, done):
        for job in jobs:
            result = {"passed": True, "diagnosis": "passed", "message": job.file.read_text(), "seconds": 0.1}
            done(job, {e["name"]: result for e in job.exercises})


@pytest.mark.parametrize("platform", [moodle, canvas, nbgrader])
@pytest.mark.parametrize("collecting", [True, False], ids=["collected", "unpacked"])
def test_sixty_files_are_sixty_lines(platform, collecting, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(grade, "Dispatcher", Reader)
    monkeypatch.setattr(grade, "calibrate", lambda *about: [])
    monkeypatch.setattr(grade.sandbox, "supported", lambda: "")
    zipped(tmp_path / "in.zip", platform)
    week, out = tmp_path / "week", tmp_path / "graded"
    with nullcontext() if collecting else zipfile.ZipFile(tmp_path / "in.zip") as archive:
        if collecting:
            assert cli.main(["exercises", "collect", str(tmp_path / "in.zip"), "--out", str(week)]) == 0
            assert "60 files: 52 taken, 5 older attempts, 3 not notebooks" in capsys.readouterr().out
        else:
            archive.extractall(week)
    assert cli.main(["exercises", "grade", str(week), "--out", str(out)]) == 0
    assert "60 files: 52 graded, 5 older attempts, 3 not notebooks" in capsys.readouterr().out
    with open(out / "grades.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    graded = {line["student"]: json.loads(line["reason"]) for line in lines if line["exercise"]}
    assert sorted(graded.values()) == sorted(f"{n} {person}" for n, person in enumerate(PEOPLE))
    for student, words in graded.items():  # nobody has another's notebook
        number = int(words.split()[0])
        assert student.endswith(
            {moodle: f"_{4700 + number}", canvas: f"_{5500 + number}", nbgrader: str(number)}[platform]
        )
    pages = {page.read_text("utf-8") for page in (out / "feedback").iterdir()}
    assert len(pages) == 52
    assert {line["reason"] for line in lines if line["verdict"] == "older"} == {
        "another notebook of this chapter counts"
    }
    assert sorted(line["notebook"][-6:] for line in lines if line["verdict"] == "left out") == sorted(
        name[-6:] for name in OTHERS
    )


def test_a_second_zip_keeps_the_account_of_the_first(tmp_path):
    zipped(tmp_path / "first.zip", moodle)
    with zipfile.ZipFile(tmp_path / "late.zip", "w") as archive:
        archive.writestr("Zoë Late_4999_assignsubmission_file_/01-gan-game.ipynb", "{}")
    for name in ("first", "late", "late"):
        assert (
            cli.main(["exercises", "collect", str(tmp_path / f"{name}.zip"), "--out", str(tmp_path / "out")])
            == 0
        )
    with open(tmp_path / "out" / "collected.csv", newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 61
