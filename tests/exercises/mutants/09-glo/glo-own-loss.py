"""Wrong and alternative answers to the exercise glo-own-loss (see tests/exercises/answers.py)."""

# %% glo-own-loss: home
better_generator = "both"


# %% glo-own-loss: home - written otherwise
better_generator = " Both. "


# %% glo-own-loss: no-matter
better_generator = "equal"


# %% glo-own-loss: far
better_generator = "squared by far"


# %% glo-own-loss: wrong-kind - no word of the list
better_generator = "l2"


# %% glo-own-loss: wrong-kind - a number
better_generator = 26.6


# %% glo-own-loss: not-begun
better_generator = ...


# %% glo-own-loss: passed - capitals
better_generator = "Squared"


# %% glo-own-loss: passed - a full stop
better_generator = "squared."
