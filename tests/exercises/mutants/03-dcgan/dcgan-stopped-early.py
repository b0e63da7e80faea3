"""Wrong and alternative answers to the exercise dcgan-stopped-early (see tests/exercises/answers.py)."""

G, D = "generator only", "discriminator only"


# %% dcgan-stopped-early: letters - a run is left out
normalised = {"P": G, "Q": "both", "R": "neither"}


# %% dcgan-stopped-early: letters - from words to letters
normalised = {G: "P", "both": "Q", "neither": "R", D: "S"}


# %% dcgan-stopped-early: not-begun - one is left
normalised = {"P": G, "Q": "both", "R": None, "S": D}


# %% dcgan-stopped-early: wrong-kind - who lacks it
normalised = {"P": "not in D", "Q": "all", "R": "none", "S": "not in G"}


# %% dcgan-stopped-early: fair - the losses of the solved game
normalised = {"P": "both", "Q": "neither", "R": G, "S": D}


# %% dcgan-stopped-early: other-player - who lacks it for who has it
normalised = {"P": D, "Q": "both", "R": "neither", "S": G}


# %% dcgan-stopped-early: other-player - S alone
normalised = {"P": G, "Q": "both", "R": "neither", "S": G}


# %% dcgan-stopped-early: too-even - P and R exchanged
normalised = {"P": "neither", "Q": "both", "R": G, "S": D}


# %% dcgan-stopped-early: distance - Q and R exchanged
normalised = {"P": G, "Q": "neither", "R": "both", "S": D}


# %% dcgan-stopped-early: distance - R alone
normalised = {"P": G, "Q": "both", "R": "both", "S": D}


# %% dcgan-stopped-early: best - Q with a slow discriminator
normalised = {"P": G, "Q": G, "R": "neither", "S": D}


# %% dcgan-stopped-early: best - Q and S exchanged
normalised = {"P": G, "Q": D, "R": "neither", "S": "both"}


# %% dcgan-stopped-early: began - the end of R looks like P
normalised = {"P": G, "Q": "both", "R": G, "S": D}


# %% dcgan-stopped-early: led - the first rounds of R
normalised = {"P": G, "Q": "both", "R": D, "S": "neither"}


# %% dcgan-stopped-early: loud - the highest loss is the worst generator
normalised = {"P": G, "Q": "both", "R": "neither", "S": "neither"}


# %% dcgan-stopped-early: ahead - S for the full rules
normalised = {"P": G, "Q": "both", "R": "neither", "S": "both"}


# %% dcgan-stopped-early: passed - in capitals, another order
normalised = {"S": "Discriminator only.", "R": "NEITHER", "Q": "Both", "P": "Generator only"}


# %% dcgan-stopped-early: passed - built letter by letter
normalised = {}
for letter, who in zip("PQRS", (G, "both", "neither", D), strict=True):
    normalised[letter] = who
