"""Transposed convolutions, and the grids that they leave."""

import torch

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference import transposed_convolution as reference
from course_lib.theory import convolutions


@exercise(
    "dcgan-transposed",
    title="Painting with stamps",
    section="Transposed convolution",
    kind="implement",
    trains="what a transposed convolution computes, entry by entry, and how long its output is",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Start with a row of zeros that is long enough for all stamps, padding not yet taken into account. Where does "
        "the stamp of y_i begin, and where does the last one end?",
        "Stamp i is y_i · w and begins at s·i; overlapping stamps add up. Only when all are painted are p entries cut "
        "off at each end.",
    ),
    mistakes={
        "convolution": "This is the convolution A y, which makes signals shorter. The transposed one, Aᵀ y, makes them "
        "longer: each input paints a whole kernel.",
        "flipped": "The kernel is painted backwards: stamp i is y_i · (w_0, w_1, …), in this order.",
        "overwritten": "Where stamps overlap, the later one has replaced the earlier. They add up.",
        "stride-one": "The stamps begin at i; with stride s they begin at s·i.",
        "not-cut": "The padding is not taken off: p entries at each end of the painted row are cut.",
        "padded": "The padding is put on. In a transposed convolution it is taken off: p entries at each end.",
        "one-side": "The entries are not cut from both ends alike: p belong off at the left, and p at the right.",
        "nothing-left": "With padding 0 nothing comes back: `row[p:-p]` is empty for p = 0. Give the end as a length.",
        "special": "It is right for some kernels and not for kernel {kernel}, stride {stride}, padding {padding}, "
        "which must give {length} entries: s(H − 1) + K − 2p.",
    },
    lesson="Stamps that overlap add up, and this is also the backward pass of a convolution: the adjoint.",
)
def transposed_convolution(answer, trial):
    for case, (length, kernel, stride, padding) in enumerate(
        ((6, 5, 2, 1), (5, 4, 2, 1), (4, 3, 2, 0), (4, 5, 3, 2), (3, 2, 3, 0), (7, 3, 1, 1), (1, 4, 1, 0))
    ):
        y = trial.draw.normal(length, purpose=f"y {case}")
        w = trial.draw.normal(kernel, purpose=f"w {case}")
        outputs = convolutions.transposed_length(length, kernel, stride, padding)
        right = convolutions.matrix(w, outputs, stride, padding).T @ y
        returned = trial.tensor(trial.call(answer, y, w, stride, padding))
        if padding == 0 and returned.numel() == 0:
            trial.fail("nothing-left")
        if case:
            numbers = {"kernel": kernel, "stride": stride, "padding": padding, "length": outputs}
            near = returned.shape == right.shape and torch.allclose(
                returned.double(), right.double(), 1e-4, 1e-4
            )
            trial.expect(near, "special", **numbers)
        else:
            trial.equal(
                returned,
                right,
                reference.stamp_mistakes(y, w, stride, padding),
                on="for kernel 5, stride 2, padding 1",
            )


@exercise(
    "dcgan-checkerboard",
    title="How strong is the grid?",
    section="Why kernel 4 goes with stride 2",
    kind="predict",
    trains="the counting of stamps, in two dimensions, as a number that can be measured",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "First one dimension: write the offsets 0 to 4 of the kernel and mark which of them meet an even output, and "
        "which an odd one.",
        "In two dimensions the counts multiply. And what is the variance of a sum of n independent terms?",
    ),
    mistakes={
        "even": "The pixels would be equal if the stride divided the kernel; 2 does not divide 5.",
        "one-dimension": "3/2 is the ratio of the counts along one axis (and of the standard deviations in two "
        "dimensions). In an image the counts multiply, and the variance goes with the count.",
        "kernel-three": "4 is the ratio for kernel 3, where a pixel has four inputs or one. Count again for kernel 5.",
        "mean-count": "25/4 is how many inputs reach a pixel on average. Asked for is the largest variance over the "
        "smallest.",
        "inverse": "That is the smallest over the largest; asked for is the largest over the smallest.",
        "other": "Not that. Count the inputs that reach an even and an odd output along one axis, then multiply.",
    },
    lesson="3 · 3 inputs against 2 · 2: a larger kernel makes the grid fainter, and only divisibility removes it.",
)
def variance_ratio(answer, trial):
    counts = convolutions.overlaps(12, 5, 2)[5:-5].double()
    right = ((counts.max() / counts.min()) ** 2).item()
    known = {"even": 1, "one-dimension": 1.5, "kernel-three": 4, "mean-count": 6.25, "inverse": 1 / right}
    trial.predicted(answer, right, known, tolerance=0.02)
