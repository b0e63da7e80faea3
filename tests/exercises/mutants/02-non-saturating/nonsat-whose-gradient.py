"""Wrong and alternative answers to the exercise nonsat-whose-gradient (see tests/exercises/answers.py)."""

MM, NS, ML = "minimax", "non-saturating", "maximum-likelihood"


# %% nonsat-whose-gradient: letters - the curves alone
costs = {"A": ML, "B": NS, "C": MM}


# %% nonsat-whose-gradient: letters - six words in a row
costs = [ML, NS, MM, MM, ML, NS]


# %% nonsat-whose-gradient: not-begun - the runs are left
costs = {"A": ML, "B": NS, "C": MM, "X": ..., "Y": ..., "Z": ...}


# %% nonsat-whose-gradient: wrong-kind - a formula
costs = {"A": "-D/(1-D)", "B": "-log D", "C": "log(1-D)", "X": "log(1-D)", "Y": "-D/(1-D)", "Z": "-log D"}


# %% nonsat-whose-gradient: vanishing - the one that stays is taken for maximum likelihood
costs = {"A": NS, "B": ML, "C": MM, "X": MM, "Y": ML, "Z": NS}


# %% nonsat-whose-gradient: vanishing - B alone
costs = {"A": ML, "B": MM, "C": NS, "X": MM, "Y": ML, "Z": NS}


# %% nonsat-whose-gradient: start - the two that vanish are exchanged
costs = {"A": MM, "B": NS, "C": ML, "X": MM, "Y": ML, "Z": NS}


# %% nonsat-whose-gradient: start - C, with a word used twice
costs = {"A": ML, "B": NS, "C": ML, "X": MM, "Y": ML, "Z": NS}


# %% nonsat-whose-gradient: plunge - the two negative losses are exchanged
costs = {"A": ML, "B": NS, "C": MM, "X": ML, "Y": MM, "Z": NS}


# %% nonsat-whose-gradient: plunge - Y alone
costs = {"A": ML, "B": NS, "C": MM, "X": MM, "Y": MM, "Z": NS}


# %% nonsat-whose-gradient: near-zero - a loss of 0 for the game that works
costs = {"A": ML, "B": NS, "C": MM, "X": MM, "Y": NS, "Z": ML}


# %% nonsat-whose-gradient: loss-sign - the non-saturating loss is negative
costs = {"A": ML, "B": NS, "C": MM, "X": NS, "Y": ML, "Z": MM}


# %% nonsat-whose-gradient: loss-sign - Z alone
costs = {"A": ML, "B": NS, "C": MM, "X": MM, "Y": ML, "Z": ML}


# %% nonsat-whose-gradient: passed - without hyphens, in capitals, another order
costs = {
    "Z": "Non saturating",
    "Y": "Maximum likelihood",
    "X": "Minimax.",
    "C": "MINIMAX",
    "B": "non saturating",
    "A": "maximum likelihood",
}


# %% nonsat-whose-gradient: passed - two dictionaries in one
curves = dict(A=ML, B=NS, C=MM)
costs = curves | dict(zip("XYZ", (MM, ML, NS), strict=True))
