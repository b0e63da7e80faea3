import base64
import io

import numpy as np
from PIL import Image

from course_lib.figures import clinic


def encoded(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 17


def test_a_picture_comes_back_as_it_was():
    np.testing.assert_array_equal(clinic.picture(encoded(GREY)), GREY)


def test_a_chart_has_both_losses_the_verdicts_and_every_picture():
    history = [
        {
            "step": s,
            "discriminator/loss": 1.0,
            "generator/loss": 2.0,
            "discriminator/real": 0.7,
            "discriminator/fake": 0.2,
        }
        for s in (10, 20)
    ]
    measures = [{"step": s, "png": encoded(GREY)} for s in (0, 20)]
    figure = clinic.chart(history, measures)
    losses, verdicts, *pictures = [ax for part in figure.subfigs for ax in part.axes]
    assert len(losses.lines) == 2 and len(verdicts.lines) == 2 and len(pictures) == 2
    np.testing.assert_array_equal(losses.lines[1].get_ydata(), [2.0, 2.0])
    np.testing.assert_array_equal(pictures[0].images[0].get_array(), GREY)
    assert pictures[1].get_title() == "step 20"
    with_turn = clinic.chart([row | {"generator/fake": 0.4} for row in history], measures)
    assert len(with_turn.subfigs[0].axes[1].lines) == 3
