"""The measures of the page on translation: what a line of each record says."""

from course_lib.studies import runner
from course_lib.studies.catalogue.translation import STUDIES


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


def test_each_control_leaves_out_what_it_names():
    free, paired = (STUDIES[f"translation-{name}"] for name in ("unpaired", "paired"))
    assert free.changes_of("no cycle")["cycle"] == 0 and "identity" not in free.changes_of("no cycle")
    assert "cycle" not in free.changes_of("no identity")
    assert paired.changes_of("game alone")["perceptual"] == 0
