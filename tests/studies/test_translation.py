"""The measures of the page on translation: what a line of each record says."""

from course_lib.studies import runner
from course_lib.studies.catalogue.translation import STUDIES
from course_lib.studies.pictures import from_text


def test_a_line_without_pairs_has_the_judges_own_error_beside_it():
    (*_, row) = runner.measured("translation-unpaired", "both", 0, "smoke")["measures"]
    assert row["truth/success"] > 0.9 and row["truth/moved/glasses"] > 0.9 and row["truth/moved/hat"] < 0.1
    assert (
        row["given/psnr"] > 20
        and {"success", "shift", "trip/true", "back/success", "moved/gaze"} <= row.keys()
    )
    # four steps from the identity, and not stuck there
    assert 20 < row["psnr"] < row["given/psnr"] and 0 < row["trip/own"] < 20


def test_a_line_from_pairs_has_the_images_as_given_beside_it():
    (*_, row) = runner.measured("translation-paired", "game alone", 0, "smoke")["measures"]
    assert row["given/psnr"] > row["psnr"] and row["given/sharpness"] > 1.5 and row["perceptual"] > 0


def test_a_line_of_the_night_says_what_its_judge_reads_there():
    (*_, row) = runner.measured("translation-night", "both", 0, "smoke")["measures"]
    # by day, and where the night is undone, the judge is right; in the night itself it is not
    assert row["truth/read/glasses"] == row["back/truth/read/glasses"] == 1 > row["dark/truth/read/hat"]
    assert row["truth/light"] < 0.5 * row["given/light"] and row["truth/beyond"] < 1 < row["beyond"]
    assert row["success"] == 0 and row["psnr"] < 12  # four steps from the identity
    assert from_text(row["pictures"]).shape == from_text(row["back/pictures"]).shape == (8, 3, 32, 32)


def test_a_line_from_edges_says_what_the_judge_reads_in_the_painting():
    (*_, row) = runner.measured("translation-edges", "pixels alone", 0, "smoke")["measures"]
    assert row["truth/read/hat"] == 1 and {"psnr", "colour", "read/skin", "moved/gaze"} <= row.keys()


def test_each_control_leaves_out_what_it_names():
    free, paired = (STUDIES[f"translation-{name}"] for name in ("unpaired", "paired"))
    assert free.changes_of("no cycle")["cycle"] == 0 and "identity" not in free.changes_of("no cycle")
    assert "cycle" not in free.changes_of("no identity")
    assert paired.changes_of("game alone")["perceptual"] == 0
    night, edges = (STUDIES[f"translation-{name}"] for name in ("night", "edges"))
    assert (
        night.changes_of("two games alone")["cycle"] == night.changes_of("two games alone")["identity"] == 0
    )
    painted = edges.changes_of("pixels alone")
    assert painted["pixels"] == 1 and painted["adversarial"] == painted["perceptual"] == 0
