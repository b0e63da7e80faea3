"""The study of chapter 12b: its measures by cases whose answer is known, and the page's table."""

import json
from types import SimpleNamespace

import pytest
import torch

import course_lib
from course_lib import records
from course_lib.inversion import survey
from course_lib.studies.catalogue import inversion


@pytest.fixture(scope="module")
def method():
    loaded = course_lib.load("stylegan-faces")
    loaded.settings = SimpleNamespace(space="w")
    return loaded


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_the_true_code_is_at_0_and_another_at_2(method, space):
    method.settings.space = space
    generator = method.networks["generator"]
    z, other = torch.randn(2, 200, generator.latent, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        codes = {
            "z": lambda x: x,
            "w": generator.mapping,
            "w+": lambda x: generator.broadcast(generator.mapping(x)),
        }
        same, far = (inversion.in_code(method, codes[space](x), z)["generated/code"] for x in (z, other))
        longer = inversion.in_code(method, codes[space](2 * z), z)["generated/code"]
    assert same == pytest.approx(0, abs=1e-6) and far == pytest.approx(2, rel=0.1)
    assert longer == pytest.approx(0, abs=1e-6), "the mapping network sees directions alone"


def test_the_images_are_what_their_names_say(method):
    from course_lib import data

    held_out = data.open("faces", resolution=32, split="test")
    found = inversion.images_of(method, held_out, 3, seed=1)
    assert list(found) == list(inversion.SETS)
    images, z = found["generated"]
    torch.testing.assert_close(images, method.sample(z))
    assert torch.equal(found["unseen"][0], held_out.tensor(slice(3, 6)))
    assert (found["turned"][0] - found["unseen"][0]).abs().mean() > 0.02
    other = inversion.images_of(method, held_out, 3, seed=2)
    assert not torch.equal(other["generated"][1], z)


def test_the_record_is_whole_and_the_page_shows_the_surveys_table(project):
    record = records.read("inversion-spaces")
    assert set(record.variants) == set(inversion.STUDIES["inversion-spaces"].variants)
    assert all(len(record.final(v, "unseen/psnr")) == 3 for v in record.variants)
    page = json.loads((project / "book" / "12b-inverting.ipynb").read_text("utf-8"))
    assert any("".join(cell["source"]).strip() == survey.markdown() for cell in page["cells"])
