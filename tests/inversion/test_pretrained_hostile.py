"""A file that would run code or fill the memory, given as published weights or as a run: an error, and nothing else."""

import contextlib
import hashlib
import json
import pickle
import random
import shutil

import pytest
from inversion import hostile, published

from course_lib import recipes
from course_lib.cli import main
from course_lib.data import DataSpec
from course_lib.errors import CourseError
from course_lib.files import CHECKSUMS, STRUCTURE, TENSORS, load_state
from course_lib.inversion import pretrained
from course_lib.training import configuration

FILES = hostile.RUNS | hostile.OTHERS


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text(hostile.CODE)
    hostile.in_registry()
    yield tmp_path
    hostile.out_of_registry()


def refused(error):
    """Whether an error is one sentence that can be printed. Nothing has run."""
    sentence = str(error.value)
    assert sentence.isprintable() and len(sentence) < 600 and sentence.endswith(".")
    assert not list(hostile.Path.cwd().rglob(hostile.CANARY))
    return sentence


@pytest.mark.parametrize("name", hostile.RUNS)
def test_python_itself_would_run_it(name, here):
    """Without this, a file that is merely damaged would pass for one that was held back."""
    with contextlib.suppress(Exception):  # some come to grief after they have run
        pickle.loads(hostile.RUNS[name])
    assert (here / hostile.CANARY).exists()


@pytest.mark.parametrize("name", FILES)
def test_as_published_weights(name, here):
    file = here / "network.pkl"
    file.write_bytes(FILES[name])
    with pytest.raises(CourseError) as error:
        pretrained.read(file)
    assert str(file) in refused(error)


@pytest.mark.parametrize(
    "name, asked",
    [
        ("os.system in protocol 4", "posix.system"),
        ("os.system beside weights", "posix.system"),
        ("eval", "builtins.eval"),
        ("a dotted name", "torch.serialization.os.system"),
        ("numpy's array of objects", "arrays of the kind O8"),
        ("a nested torch.load", "posix.system"),
        ("a torch file with a call", "posix.system"),
        ("functools.partial", "functools.partial"),
        ("INST", "instruction INST"),
        ("a storage larger than the file", "larger than the file"),
        ("a tensor that is stretched", "larger than the 1 numbers"),
        ("a compressed member", "is compressed"),
        ("TorchScript", "a TorchScript program"),
        ("a name with control characters", r"os\x1b[2J\n.system"),
    ],
)
def test_the_message_names_what_is_refused(name, asked, here):
    file = here / "network.pkl"
    file.write_bytes(FILES[name])
    with pytest.raises(CourseError) as error:
        pretrained.read(file)
    assert asked in str(error.value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pickletools', of strange escapes
@pytest.mark.parametrize("seed", range(8))
def test_files_with_a_few_other_bytes(seed, here):
    """Read all the same, where the bytes are a weight's, or refused in a sentence."""
    draw = random.Random(seed)
    whole = [hostile.GOOD, published.tensorflow(published.weights()), published.saved(published.weights())]
    for number in range(12):
        content = bytearray(whole[number % 3])
        for _ in range(draw.choice([1, 1, 5, 50])):
            content[draw.randrange(len(content) if number % 2 else 2_000)] = draw.randrange(256)
        (here / "network.pkl").write_bytes(content)
        try:
            read = pretrained.read(here / "network.pkl")
        except CourseError as error:
            assert str(error).isprintable() and len(str(error)) < 600
        else:
            assert all(t.isfinite().all() for t in read.generator.state_dict().values())
    assert not (here / hostile.CANARY).exists()


@pytest.fixture(scope="module")
def config():
    plan = recipes.resolve("gan-ring", "smoke", width=4, depth=1)
    return recipes.runs.configuration(plan, DataSpec((2,)))


def folder(here, config, files, inner):
    """A run or a zoo entry whose state is these files, with checksums that are right."""
    run = here / "run"
    shutil.rmtree(run, ignore_errors=True)
    state = run / inner
    state.mkdir(parents=True)
    configuration.write(run / "config.json", config)
    for name, content in files.items():
        (state / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (state / CHECKSUMS).write_text(json.dumps(sums))
    return run


def arrangements(evil):
    """Where a state's files may lie what they should not."""
    structure = json.dumps({"$dict": []}).encode()
    yield {TENSORS: evil, STRUCTURE: structure}
    yield {TENSORS: b"\x02\0\0\0\0\0\0\0{}", STRUCTURE: evil}
    yield {"model.pt": evil, "state.pkl": evil}


@pytest.mark.parametrize("name", FILES)
def test_as_a_state(name, here, config):
    """What every run and every entry of the zoo is read by."""
    for files in arrangements(FILES[name]):
        with pytest.raises(CourseError) as error:
            load_state(folder(here, config, files, "weights") / "weights")
        refused(error)


@pytest.mark.parametrize("name", list(FILES)[::8])
@pytest.mark.parametrize("inner", ["weights", "checkpoints/5"])
def test_as_a_run(name, inner, here, config):
    for files in arrangements(FILES[name]):
        with pytest.raises(CourseError) as error:
            recipes.load(folder(here, config, files, inner))
        refused(error)


@pytest.mark.parametrize("command", [["sample"], ["evaluate"], ["export"], ["import"]])
def test_commands_say_it_in_a_sentence(command, here, capsys):
    (here / "network.pkl").write_bytes(FILES["os.system in protocol 4"])
    more = ["--out", "run"] if command == ["import"] else []
    assert main([*command, "network.pkl", *more]) in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("course: ") and said.count("\n") == 1
    assert ("posix.system" if command == ["import"] else "course import network.pkl") in said
    assert not list(here.rglob(hostile.CANARY)) and not (here / "run").exists()
