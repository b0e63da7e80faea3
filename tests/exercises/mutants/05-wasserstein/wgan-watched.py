"""Wrong and alternative answers to the exercise wgan-watched (see tests/exercises/answers.py)."""

CLIPPED, ONE, FIVE, GAN = "clipped critic", "one critic step", "five critic steps", "original game"


# %% wgan-watched: letters - three of four
games = {"P": CLIPPED, "Q": FIVE, "R": GAN}


# %% wgan-watched: letters - small letters
games = {"p": CLIPPED, "q": FIVE, "r": GAN, "s": ONE}


# %% wgan-watched: not-begun - one is left
games = {"P": CLIPPED, "Q": FIVE, "R": GAN, "S": ...}


# %% wgan-watched: wrong-kind - names of games
games = {"P": "WGAN", "Q": "WGAN-GP", "R": "GAN", "S": "WGAN-GP"}


# %% wgan-watched: rises - P and R exchanged, both are below log 2
games = {"P": GAN, "Q": FIVE, "R": CLIPPED, "S": ONE}


# %% wgan-watched: small - the smallest distance for the best critic
games = {"P": FIVE, "Q": ONE, "R": GAN, "S": CLIPPED}


# %% wgan-watched: small - a critic that starts late
games = {"P": ONE, "Q": FIVE, "R": GAN, "S": CLIPPED}


# %% wgan-watched: ceiling - the largest number for the original game
games = {"P": CLIPPED, "Q": GAN, "R": ONE, "S": FIVE}


# %% wgan-watched: ceiling - S, for its end
games = {"P": CLIPPED, "Q": FIVE, "R": GAN, "S": GAN}


# %% wgan-watched: patient - Q and S exchanged
games = {"P": CLIPPED, "Q": ONE, "R": GAN, "S": FIVE}


# %% wgan-watched: large - a clipped critic that explodes
games = {"P": CLIPPED, "Q": CLIPPED, "R": GAN, "S": ONE}


# %% wgan-watched: large - S, for its fall below zero
games = {"P": CLIPPED, "Q": FIVE, "R": GAN, "S": CLIPPED}


# %% wgan-watched: level - the level line for one critic step
games = {"P": CLIPPED, "Q": FIVE, "R": ONE, "S": GAN}


# %% wgan-watched: negative - five steps for the one that reaches zero
games = {"P": CLIPPED, "Q": FIVE, "R": GAN, "S": FIVE}


# %% wgan-watched: passed - with hyphens and capitals
games = {"P": "Clipped-critic", "Q": "Five critic steps", "R": "ORIGINAL GAME.", "S": "one critic step"}


# %% wgan-watched: passed - made with dict
games = dict(S=ONE, R=GAN, Q=FIVE, P=CLIPPED)
