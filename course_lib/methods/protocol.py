"""What the training loop, runs, measures and inversion ask of a method, and what most methods answer alike."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import CourseError, UsageError
from course_lib.methods.optimisers import follow
from course_lib.methods.spaces import Space


class Method:
    """A game or a fit: its networks, their optimisers, and one update as its paper prints it.

    A subclass says how it learns (`step`) and, where it generates, how samples come about (`latents`, `sample`). All
    else has an answer here that suits most methods. Beside it stands a frozen dataclass with all that can be chosen
    about it, which knows how to build it: `build(networks) -> Method`, of networks by role.
    """

    label = ""  # what tables and figures call it
    averaged: tuple[str, ...] = ()  # roles whose weights are averaged over training, for sampling
    minibatches = 1  # how many minibatches of data one step consumes
    scheduled = False  # whether a step depends on the length of the run: then no run can be made longer

    # set by the loop, before the first step
    autocast: Callable[[], AbstractContextManager] = nullcontext  # the precision of the networks' forwards
    steps: int = 1  # length of the run, for schedules
    # what puts a network where it trains: device, memory layout, compilation
    place: Callable[[nn.Module], nn.Module] = staticmethod(lambda module: module)

    def __init__(self, settings: Any, **networks: nn.Module):
        self.settings = settings
        self.networks = nn.ModuleDict(networks)  # by role: generator, discriminator, critic, encoder, ...
        self.optimizers: dict[str, Any] = {}  # by role
        self.stage = 0  # how often the networks have been changed; see `resize`
        self.seed = 0  # of what a method draws outside of its steps
        # where `recipes` built it: the plan, and the `data.DataSpec` of what it is trained on
        self.plan: Any = None
        self.spec: Any = None

    # learning

    def prepare(self, dataset: ImageSet | PointSet, seed: int = 0) -> None:
        """Say what will be learnt from, before the first step. Raises UsageError for data of the wrong kind."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of every player. Returned scalars stay on the device."""
        raise NotImplementedError

    def update(self, role: str, loss: Tensor) -> None:
        """One gradient step of one player."""
        self.update_together(loss, role)

    def update_together(self, loss: Tensor, *roles: str) -> None:
        """One gradient step of several players that minimise the same loss."""
        for role in roles:
            self.optimizers[role].zero_grad(set_to_none=True)
        loss.backward()
        for role in roles:
            self.optimizers[role].step()

    # what it gives

    @property
    def device(self) -> torch.device:
        """Where its networks are."""
        return next((p.device for p in self.networks.parameters()), torch.device("cpu"))

    @property
    def classifier(self) -> nn.Module | None:
        """Of a method that classifies and makes no images: what is measured."""
        return None

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) draws of what `sample` takes, on the generator's device."""
        raise CourseError(
            f"{self._named()} makes no images, so it has no latents: choose a generative method."
        )

    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, latent) -> float32 (B, C, H, W) images in [-1, 1], or (B, dim) points.

        labels: int64 (B,), for methods that are told what to make; others refuse them.
        """
        raise CourseError(f"{self._named()} makes no images: choose a generative method.")

    def encode(self, images: Tensor) -> Tensor | None:
        """(B, C, H, W) -> (B, latent), the code that its own encoder gives each image; None where it has none."""
        return None

    @property
    def space(self) -> Space:
        """Where the codes of images are searched. Raises CourseError for a method without a generator."""
        raise CourseError(f"{self._named()} makes no images, so it has no space of codes.")

    def preview(self, batch: Batch, draw: torch.Generator) -> Tensor | None:
        """64 images (N, C, H, W) that show how training stands; the loop gives the same batch and draw each time.

        None where there is nothing to see. A method that translates shows the batch; others their samples.
        """
        if not self.averaged:
            return None
        return self.sample(self.latents(64, draw))

    def inference_state(self) -> dict[str, Tensor]:
        """What it takes to use the trained method, for the zoo: the averaged networks, or all where none is."""
        roles = self.averaged or tuple(self.networks)
        return {k: v for k, v in self.networks.state_dict().items() if k.split(".")[0] in roles}

    @torch.no_grad()
    def evaluated(self, role: str, x: Tensor) -> Any:
        """What a network makes of `x` outside of training."""
        network = self.networks[role]
        training = network.training
        network.eval()
        try:
            with self.autocast():
                return network(x)
        finally:
            network.train(training)

    # networks that change during a run

    def resized(self, role: str, network: nn.Module, stage: int) -> nn.Module:
        """The network of one role at a later stage: kept weights stay, new ones come from torch's global generator.

        It must depend on nothing but its arguments, since averages, loading and resuming call it too.
        """
        raise CourseError(f"{self._named()} has networks of one stage; there is no stage {stage}.")

    def resize(self, networks: nn.ModuleDict, stage: int) -> nn.ModuleDict:
        """These networks, all or some of a method's, at `stage`. New weights are the same at every call."""
        resized = nn.ModuleDict()
        for role, network in networks.items():
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seeds.number(self.seed, step=stage, purpose=f"weights/{role}"))
                resized[role] = self.resized(role, network, stage)
        return resized

    def enter(self, stage: int) -> None:
        """Change the networks to those of a later stage. Optimisers keep what they know of weights that stay.

        The loop notices and changes the averages alike.
        """
        if stage == self.stage:
            return
        before = {role: dict(network.named_parameters()) for role, network in self.networks.items()}
        training = {role: network.training for role, network in self.networks.items()}
        self.networks = self.resize(self.networks, stage)
        for role, network in self.networks.items():
            self.networks[role] = self.place(network.to(self._device_of(before[role]))).train(training[role])
        for role, optimizer in self.optimizers.items():
            if isinstance(optimizer, torch.optim.Optimizer):
                follow(optimizer, before[role], dict(self.networks[role].named_parameters()))
        self.stage = stage

    # state

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, as a tree of tensors and plain values."""
        return {
            "networks": dict(self.networks.state_dict()),
            "optimizers": {role: optimizer.state_dict() for role, optimizer in self.optimizers.items()},
            "stage": self.stage,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a state, at whatever stage it was saved."""
        self.enter(state.get("stage", 0))
        self.networks.load_state_dict(state["networks"])
        for role, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][role])

    def _named(self) -> str:
        return f"the method {self.label or type(self).__name__}"

    @staticmethod
    def _device_of(parameters: Mapping[str, nn.Parameter]) -> torch.device:
        return next((p.device for p in parameters.values()), torch.device("cpu"))


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let gradients flow through a network without computing those of its own weights: a third of the work saved."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    network.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:  # and not what was frozen before
            parameter.requires_grad_(True)


def needs(networks: Mapping[str, nn.Module], *roles: str, **renamed: str) -> dict[str, Any]:
    """The networks that a method takes, by the names of its arguments: each role by its own name, and
    `critic="discriminator"` for a method that calls a role otherwise.

    Raises UsageError, naming the first role that is missing.
    """
    wanted = {role: role for role in roles} | renamed
    for role in wanted.values():
        if role not in networks:
            raise UsageError(
                f"this method needs a network in the role of {role}, and the recipe builds {', '.join(networks)}: "
                f"choose other networks or name a pretrained one."
            )
    return {argument: networks[role] for argument, role in wanted.items()}
