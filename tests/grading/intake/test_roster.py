"""Lines of a class list are found again in what platforms make of names; namesakes are never guessed."""

import pytest

from course_lib.errors import UsageError
from course_lib.grading.intake import roster


def read(tmp_path, text):
    (tmp_path / "class.csv").write_text(text, "utf-8")
    return roster.read(tmp_path / "class.csv")


@pytest.mark.parametrize(
    "text",
    [
        "name,id,login\nAda Läst,5512,ada1\nBob Ray,5513,bray\n",
        "First name;Last name;ID;Email\nAda;Läst;5512;ada1@uni.edu\nBob;Ray;5513;bray@uni.edu\n",
        "\ufeffStudent\tUser ID\tUsername\n\"Läst, Ada\"\t5512\tada1\nBob Ray\t5513\tbray\n",
    ],
)  # fmt: skip
def test_students_are_found(tmp_path, text):
    one = read(tmp_path, text)
    ada = one.entries[0].name
    for key in ("Ada Läst_999", "lästada_999", "lastada_5512", "ada1", "somebody_5512", "LÄST ADA"):
        assert one.names_of([key]) == {key: ada}, key
    assert one.names_of(["eve", "eve_12"]) == {}


def test_namesakes_are_told_apart_by_number_or_not_at_all(tmp_path):
    one = read(tmp_path, "name,id,login\nAda Ray (1),1,a\nAda Ray (2),2,b\nBob,3,c\n")
    assert one.names_of(["Ada Ray_1", "Ada Ray_2"]) == {
        "Ada Ray_1": "Ada Ray (1)",
        "Ada Ray_2": "Ada Ray (2)",
    }
    assert one.names_of(["Bob_7", "Bob_8"]) == {}  # both claim one line


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "lists nobody"), ("points\n3\n", "lists nobody"), ("name\nAda\nAda\n", "Ada twice")],
)
def test_a_list_that_cannot_be_used_is_a_sentence(tmp_path, text, word):
    with pytest.raises(UsageError, match=word):
        read(tmp_path, text)
    with pytest.raises(UsageError, match="cannot be read"):
        roster.read(tmp_path / "nowhere.csv")
