"""The mathematics of adversarial games, without networks: densities, divergences, objectives, dynamics.

Everything is a torch tensor in float64; logarithms are natural, so divergences are in nats. `p` is the data,
`q` (or `g`) the generator's distribution, unless a docstring says otherwise.
"""
