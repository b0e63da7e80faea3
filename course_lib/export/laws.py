"""What a generator is to be fed with: the law of each part of a latent, in words and as plain torch operations.

Which law a method draws by is known by the function that draws, so that a method with a `latents` of its own is not
taken for the one that it was derived from. Such a method may answer itself, by `latent_parts() -> list[Part]`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from course_lib.methods.conditional import Conditional
from course_lib.methods.generative import Generative
from course_lib.methods.glo import GLO
from course_lib.methods.growing import Growing
from course_lib.methods.infogan import InfoGAN


@dataclass(frozen=True)
class Part:
    """Columns of a latent that are drawn together. words: their law; code: an expression of torch for (n, size), of
    `n` and of `laws`, the table of `tensors`."""

    size: int
    words: str
    code: str
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


def normal(size: int) -> Part:
    return Part(size, "of independent N(0, 1)", f"torch.randn(n, {size})")


def uniform(size: int) -> Part:
    return Part(size, "uniform on [-1, 1]", f"torch.rand(n, {size}) * 2 - 1")


def one_hot(size: int) -> Part:
    words = f"a code of {size} values, all equally likely: a single 1 among zeros"
    return Part(size, words, f"torch.eye({size})[torch.randint({size}, (n,))]")


def on_the_sphere(size: int) -> Part:
    code = f"torch.nn.functional.normalize(torch.randn(n, {size}), dim=1)"
    return Part(size, f"uniform on the sphere of radius 1 in {size} dimensions", code)


def fitted(law: Any) -> Part:
    """Of a `methods.code_distribution.CodeLaw`."""
    components, size = law.means.shape
    what = "one Gaussian" if components == 1 else f"a mixture of {components} Gaussians"
    return Part(
        size,
        f"of {what}, fitted to the learnt codes (weights, means and factors, F Fᵀ the covariance, lie beside it)",
        "gaussian(laws['weights'], laws['means'], laws['factors'], n)",
        {"weights": law.weights, "means": law.means, "factors": law.factors},
    )


def told(conditions: Any) -> Part:
    """Of `networks.conditions.Conditions`."""
    if conditions.classes:
        what = f"the class, a single 1 among zeros (0 to {conditions.classes - 1})"
    else:
        what = f"−1 or 1 for each of {', '.join(conditions.names)}"
    return Part(
        conditions.size,
        f"the condition, {what}; as often as in the data (a table of its rows lies beside it)",
        "laws['conditions'][torch.randint(len(laws['conditions']), (n,))]",
        {"conditions": conditions.table},
    )


def _of_infogan(method: Any) -> list[Part]:
    laws = {"categorical": one_hot, "uniform": uniform, "gaussian": normal}
    noise = method.latent - method.codes.size
    rest = [laws["uniform" if method.settings.noise_law == "uniform" else "gaussian"](noise)] if noise else []
    return [*(laws[part.law](part.size) for part in method.codes.parts), *rest]


def _of_generative(method: Any) -> list[Part]:
    return [{"normal": normal, "uniform": uniform}[method.latent_law](method.latent)]


# of the function that draws
LAWS: dict[Callable, Callable[[Any], list[Part]]] = {
    Generative.latents: _of_generative,
    Growing.latents: lambda method: [on_the_sphere(method.latent)],
    GLO.latents: lambda method: [fitted(method.law())],
    InfoGAN.latents: _of_infogan,
    Conditional.latents: lambda method: [normal(method.noise), told(method.conditions)],
}


def parts_of(method: Any) -> list[Part]:
    """The parts of a latent in the order of its columns; none where the law is not known."""
    if hasattr(method, "latent_parts"):
        return list(method.latent_parts())
    of = LAWS.get(type(method).latents)
    return of(method) if of else []


def columns(parts: Sequence[Part]) -> list[tuple[int, int]]:
    """The first column of each part, and the one after its last."""
    ends = [sum(part.size for part in parts[: i + 1]) for i in range(len(parts))]
    return [(end - part.size, end) for part, end in zip(parts, ends, strict=True)]


def in_words(parts: Sequence[Part], method: Any) -> str:
    """A clause: what z is."""
    if not parts:
        return f"z, as {type(method).__name__}.latents draws it: by which law, this export does not know"
    if len(parts) == 1:
        return f"z, {parts[0].words}"
    each = [
        f"{first} to {end - 1} {part.words}" if end - first > 1 else f"{first} {part.words}"
        for part, (first, end) in zip(parts, columns(parts), strict=True)
    ]
    return f"z, by columns from 0: {'; '.join(each)}"


DRAWS = '''

def gaussian(weights, means, factors, n):
    """(n, d) of the mixture of N(means[k], factors[k] factors[k]ᵀ) with these weights."""
    k = torch.multinomial(weights, n, replacement=True)
    return means[k] + (factors[k] @ torch.randn(n, means.shape[1], 1))[:, :, 0]
'''


def as_code(parts: Sequence[Part], file: str) -> str:
    """Plain torch operations that draw: a function `latents(n)`, which reads the tensors from a file beside it; nothing
    where the law is not known."""
    if not parts:
        return ""
    code = DRAWS if any("gaussian(" in part.code for part in parts) else ""
    rows = "".join(f"            {part.code},\n" for part in parts)
    reads = f'    laws = load_file(Path(__file__).with_name("{file}"))\n' if tensors_of(parts) else ""
    return f'''{code}

def latents(n):
    """(n, {sum(part.size for part in parts)}) draws of what load() takes."""
{reads}    return torch.cat(
        [
{rows}        ],
        1,
    )
'''


def tensors_of(parts: Sequence[Part]) -> dict[str, Tensor]:
    """What `as_code` reads."""
    return {name: tensor for part in parts for name, tensor in part.tensors.items()}
