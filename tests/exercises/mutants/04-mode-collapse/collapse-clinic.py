"""Wrong and alternative answers to the exercise collapse-clinic (see tests/exercises/answers.py)."""

# %% collapse-clinic: letters - three words
diagnoses = ["collapse", "bad normalisation", "too strong D"]


# %% collapse-clinic: letters - a letter is missing
diagnoses = {"A": "collapse", "B": "bad normalisation"}


# %% collapse-clinic: not-begun - one is left
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": ...}


# %% collapse-clinic: wrong-kind - no word of the list
diagnoses = {"A": "mode collapse", "B": "bad normalisation", "C": "too strong D"}


# %% collapse-clinic: a-healthy
diagnoses = {"A": "healthy", "B": "bad normalisation", "C": "too strong D"}


# %% collapse-clinic: a-healthy - one whose curves show nothing
diagnoses = {"A": "wrong scale of data", "B": "missing detach", "C": "saturation"}


# %% collapse-clinic: a-other
diagnoses = {"A": "oscillation", "B": "bad normalisation", "C": "too strong D"}


# %% collapse-clinic: b-strong
diagnoses = {"A": "collapse", "B": "saturation", "C": "too strong D"}


# %% collapse-clinic: b-strong - from the first columns
diagnoses = {"A": "collapse", "B": "too strong D", "C": "saturation"}


# %% collapse-clinic: b-other
diagnoses = {"A": "collapse", "B": "wrong scale of data", "C": "too strong D"}


# %% collapse-clinic: c-saturated
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "saturation"}


# %% collapse-clinic: c-saturated - the same curves
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "missing detach"}


# %% collapse-clinic: c-collapse
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "collapse"}


# %% collapse-clinic: c-other
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "critic without constraint"}


# %% collapse-clinic: passed - in small letters, another order
diagnoses = {"C": "too strong d", "A": "collapse", "B": "bad normalisation"}


# %% collapse-clinic: passed - made with dict
diagnoses = dict(A="Collapse", B="Bad normalisation", C="Too strong D.")
