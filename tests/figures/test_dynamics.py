import matplotlib.pyplot as plt
import torch

from course_lib.figures.dynamics import phase
from course_lib.theory import dynamics


def test_a_phase_picture_has_the_path_and_its_ends():
    path = dynamics.play(dynamics.bilinear_field, torch.tensor([1.0, 0.0]), 0.1, 5)
    _, ax = plt.subplots()
    phase(ax, dynamics.bilinear_field, path, reach=2.5)
    line, start, end = ax.lines
    assert torch.equal(torch.tensor(line.get_xydata()), path)
    assert start.get_xydata()[0].tolist() == path[0].tolist()
    assert end.get_xydata()[0].tolist() == path[-1].tolist()
    assert ax.get_xlim() == (-2.5, 2.5)
    plt.close("all")
