"""How a check runs: exercises, trials, verdicts, what students see, and the notebooks made of the masters."""
