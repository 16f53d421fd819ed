"""What tells a build and a coming drop: weights learned by `training/form.py` from songs that `training/` composes.

BUILD weighs 1 and the measures of a beat (`phrase.NAMES`); DROP weighs what `sections.Judge` gives. Sums are log-odds in nepers.
"""

BUILD = (
    -3.082, 0.639, -0.743, -0.911, 3.457, 1.516, 0.706, -0.813, -0.019, -0.830,
    -1.254, 0.250, 2.391, 0.201, -0.572, 1.052,
)  # fmt: skip

DROP = (
    -10.870, -0.421, -1.614, 1.849, -1.776, 2.503, 1.008, -0.801, -0.080, -0.411,
    1.949, -0.874, 1.567, -0.531, 1.730, -0.610, -0.940, 2.278, -0.073, 1.070,
    2.579, 1.114, -2.042, 0.558, 0.035, 0.163, 0.109, 0.190, 1.831, 1.013,
    0.027,
)  # fmt: skip
