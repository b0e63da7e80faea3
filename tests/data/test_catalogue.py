import json
from pathlib import Path

import pytest

from course_lib import cli, data
from course_lib.data.sources import SOURCES
from course_lib.errors import CourseError, UsageError

DOWNLOADS = ["fashion-mnist", "mnist", "svhn", "cifar10", "celeba"]


@pytest.fixture
def network(mine, files, monkeypatch, tmp_path):
    """The downloaders of torchvision, that write small files instead. Names in the returned set are refused."""
    refused: set[str] = set()
    monkeypatch.setattr(SOURCES["cifar10"], "images_per_file", 20)
    celeba, _ = files.celeba_folder(tmp_path / "server" / "celeba")
    files.zipped(celeba / "img_align_celeba", celeba / "img_align_celeba.zip", "img_align_celeba/")
    svhn = files.svhn_folder(tmp_path / "server" / "svhn")

    def idx(name):
        def download(root, download):
            if name in refused:
                raise RuntimeError(f"Error downloading\n{name}")
            raw = files.fashion_folder(Path(root) / name / "raw")
            (raw / "train-images-idx3-ubyte").write_bytes(b"unpacked")

        return download

    def copy(source, root, name):
        if name in refused:
            Path(root, name).write_bytes(b"half")
            raise RuntimeError("File not found or corrupted.")
        Path(root, name).write_bytes(source.read_bytes())

    def url(address, root, name, md5):
        assert len(md5) == 32
        if name.endswith(".mat"):
            assert "stanford.edu" in address
            return copy(svhn / name, root, name)
        import tarfile

        folder = files.cifar_folder(tmp_path / "server" / "cifar")
        with tarfile.open(tmp_path / "server" / name, "w:gz") as packed:
            packed.add(folder, "cifar-10-batches-bin")
        return copy(tmp_path / "server" / name, root, name)

    monkeypatch.setattr("torchvision.datasets.MNIST", idx("MNIST"))
    monkeypatch.setattr("torchvision.datasets.FashionMNIST", idx("FashionMNIST"))
    monkeypatch.setattr("torchvision.datasets.utils.download_url", url)
    monkeypatch.setattr(
        "torchvision.datasets.utils.download_file_from_google_drive",
        lambda number, root, name, md5: copy(celeba / name, root, name),
    )
    return refused


def test_what_can_be_downloaded(mine):
    assert data.downloadable() == DOWNLOADS
    assert list(data.by_hand()) == ["ffhq", "lsun/bedroom"]


@pytest.mark.parametrize("name", DOWNLOADS)
def test_fetch_puts_a_whole_set_into_the_cache(network, name, tmp_path):
    assert data.fetch(name) == str(tmp_path / "cache" / "raw" / name)
    assert len(data.open(name, resolution=32)) > 0 and len(data.open(name, resolution=32, split="test")) > 0
    assert [p.name for p in (tmp_path / "cache" / "raw").iterdir()] == [name]
    assert data.fetch(name) == str(tmp_path / "cache" / "raw" / name), "a second time there is nothing to do"


@pytest.mark.parametrize(
    ("name", "file"),
    [("mnist", "MNIST"), ("svhn", "test_32x32.mat"), ("cifar10", "cifar-10-binary.tar.gz"),
     ("celeba", "list_eval_partition.txt")],
)  # fmt: skip
def test_a_download_that_fails_leaves_nothing_half_way(network, name, file, tmp_path):
    network.add(file)
    with pytest.raises(CourseError, match="COURSE_DATA") as caught:
        data.fetch(name)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert list((tmp_path / "cache" / "raw").iterdir()) == []


def test_an_error_that_only_the_downloader_knows_is_a_sentence_too(mine, monkeypatch, tmp_path):
    class Refused(Exception):
        pass

    def refuse(*arguments):
        raise Refused("Cannot retrieve the public link.\nToo many users have viewed it")

    monkeypatch.setattr("torchvision.datasets.utils.download_file_from_google_drive", refuse)
    with pytest.raises(CourseError, match="public link. Too many users.*mmlab.ie.cuhk.edu.hk") as caught:
        data.fetch("celeba")
    assert "\n" not in str(caught.value) and list((tmp_path / "cache" / "raw").iterdir()) == []


@pytest.mark.parametrize("name", ["ffhq", "lsun/tower"])
def test_what_is_no_download_says_how_to_get_it(mine, name):
    with pytest.raises(UsageError, match="https://github.com/"):
        data.fetch(name)


def test_fetch_all_goes_on_past_a_failure_and_sums_up(network, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.evaluation.downloads.WEIGHTS", {})
    network |= {"MNIST", "img_align_celeba.zip"}
    assert cli.main(["data", "fetch", "--all"]) == 1
    out, error = capsys.readouterr()
    assert error.startswith("course: 2 of 5 could not be fetched, mnist, celeba: ") and error.count("\n") == 1
    assert "3 of 5 are here" in out and str(tmp_path / "cache" / "raw") in out
    assert "ffhq: not to be had by download" in out and "lsun/bedroom: not" in out
    network.clear()
    assert cli.main(["data", "fetch", "--all"]) == 0
    assert "5 of 5 are here" in capsys.readouterr().out


def test_the_list_says_where_and_how(network, capsys, tmp_path):
    data.fetch("svhn")
    data.open("svhn", resolution=32, split="test")
    assert cli.main(["data", "list"]) == 0
    text = capsys.readouterr().out.split("svhn: ")[1].split("cifar10: ")[0]
    assert str(tmp_path / "cache" / "raw" / "svhn") in text and "32 test (0.1 MB)" in text
    assert "246 MB" in text and "non-commercial" in text
    assert cli.main(["data", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["svhn"]["prepared"] == ["32 test"] and 60_000 < rows["svhn"]["prepared_bytes"] < 65_000
    assert rows["celeba"]["where"] is None and "img_align_celeba.zip" in rows["celeba"]["how"]


@pytest.mark.parametrize("name", SOURCES)
def test_every_set_says_what_a_reader_wants_to_know(mine, name):
    (row,) = [row for row in data.describe() if row.name == name]
    assert row.images and row.size and row.licence and len(row.how) > 8 and not row.how.endswith(".")
