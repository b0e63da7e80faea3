"""What a code can be made to mean: InfoGAN, the same with spectral norms, IB-GAN, and a β-VAE beside them."""

from course_lib.methods.beta_vae import BetaVAESettings
from course_lib.methods.ibgan import IBGANSettings
from course_lib.methods.infogan import InfoGANSettings
from course_lib.networks.bernoulli import BernoulliAutoencoder
from course_lib.networks.bottleneck import IBGANNetworks
from course_lib.networks.recognition import InfoGANNetworks
from course_lib.recipes.plan import Recipe

SMALL = {"batch": 64, "generator_width": 16, "discriminator_width": 16, "ema": 0.995}
SMOKE = {"smoke": {"steps": 4, "batch": 32, "generator_width": 8, "discriminator_width": 8}}
# enough of every factor's values, and few enough to be drawn in seconds
FEW_SPRITES = {"data": "sprites:images=16000", "resolution": 16, "steps": 1_500}
SPRITES = {"data": "sprites", "resolution": 64, "batch": 64, "ema": 0.999, "checkpoint_every": 5_000}
COLOURED = {"data": "sprites-colour"}

# What suits a minute or two; the papers' own stand in the lab tier. With weights of N(0, 0.02) e(r|z) tells next to
# nothing of z at first, and thousands of steps pass before it does; with orthogonal ones it does after hundreds.
QUICK = {
    "optimizer": "adam", "beta1": 0.5, "beta2": 0.999, "generator_lr": 1e-3, "encoder_lr": 3e-3,
    "recognition_lr": 1e-3, "discriminator_lr": 2e-4, "noise_start": 0.3, "noise_share": 0.5,
    "initialisation": "orthogonal",
}  # fmt: skip
# the authors' own, of which those on sprites are the defaults of the method
AUTHORS = {
    "optimizer": "rmsprop", "beta1": 0.9, "beta2": 0.99, "generator_lr": 5e-5, "encoder_lr": 5e-5,
    "recognition_lr": 5e-5, "discriminator_lr": 1e-6, "design": "dense", "initialisation": "normal",
}  # fmt: skip

RECIPES: dict[str, Recipe] = {
    "infogan-fashion": Recipe(
        "InfoGAN on Fashion-MNIST at 32 pixels",
        InfoGANSettings,
        InfoGANNetworks,
        {**SMALL, "steps": 1_500},
        {
            **SMOKE,
            # the authors' settings on MNIST, for ten times as long
            "lab": {"batch": 128, "steps": 50_000, "generator_width": 64, "discriminator_width": 64, "ema": 0.999},
        },
    ),
    "infogan-digits": Recipe(
        "InfoGAN on scikit-learn's 1,797 digits (MNIST in the lab)",
        InfoGANSettings,
        InfoGANNetworks,
        {**SMALL, "data": "digits", "resolution": 16, "steps": 1_500},
        {
            **SMOKE,
            # the authors' own: launchers/run_mnist_exp.py
            "lab": {
                "data": "mnist", "resolution": 32, "batch": 128, "steps": 5_000, "generator_width": 64,
                "discriminator_width": 64, "ema": 0.999,
            },
        },
    ),
    "infogan-sprites": Recipe(
        "InfoGAN on sprites at 16 pixels (64 in the lab)",
        InfoGANSettings,
        InfoGANNetworks,
        {**SMALL, **FEW_SPRITES, "codes": "uniform:10", "noise": 0},
        # the setting that is compared with in the papers: the weak baseline, as long as IB-GAN
        {**SMOKE, "lab": {**SPRITES, "steps": 150_000, "design": "dense"}},
    ),
    "infogan-strong-sprites": Recipe(
        "InfoGAN with spectral norms and a small weight, on sprites at 16 pixels (64 in the lab)",
        InfoGANSettings,
        InfoGANNetworks,
        # the stronger baseline of InfoGAN-CR (Lin et al., 2020), whose rates suit both tiers
        {
            **SMALL, **FEW_SPRITES, "codes": "uniform:5", "noise": 5, "discriminator_norm": "spectral",
            "weights": "0.05", "generator_lr": 1e-3, "discriminator_lr": 2e-3, "recognition_lr": 2e-3,
        },
        # 28 epochs of all sprites
        {**SMOKE, "lab": {**SPRITES, "steps": 322_560, "generator_width": 32, "discriminator_width": 32}},
    ),
    "ibgan-sprites": Recipe(
        "IB-GAN on sprites at 16 pixels (64 in the lab)",
        IBGANSettings,
        IBGANNetworks,
        {**SMALL, **FEW_SPRITES, **QUICK},
        {**SMOKE, "lab": {**SPRITES, **AUTHORS, "steps": 150_000, "noise_start": 1.0, "noise_share": 2 / 3}},
    ),
    "ibgan-colour-sprites": Recipe(
        "IB-GAN on coloured sprites at 16 pixels (64 in the lab)",
        IBGANSettings,
        IBGANNetworks,
        {**SMALL, **FEW_SPRITES, **QUICK, "data": "sprites-colour:images=16000", "beta": 0.071},
        {
            **SMOKE,
            # the noise sinks over the same 100,000 steps
            "lab": {**SPRITES, **COLOURED, **AUTHORS, "steps": 500_000, "noise_start": 1.0, "noise_share": 0.2},
        },
    ),
    "ibgan-faces": Recipe(
        "IB-GAN on procedural faces at 32 pixels (CelebA at 64 in the lab)",
        IBGANSettings,
        IBGANNetworks,
        {**SMALL, **QUICK, "data": "faces", "steps": 2_000, "codes": "gaussian:32", "size": 15, "beta": 0.1},
        {
            **SMOKE,
            # noise and targets as in the authors' main2.py
            "lab": {
                **AUTHORS, "data": "celeba", "resolution": 64, "batch": 64, "steps": 1_000_000, "ema": 0.999,
                "codes": "gaussian:64", "size": 15, "beta": 0.35, "discriminator_lr": 2e-6, "sharing": "front",
                "generator_width": 64, "discriminator_width": 64, "encoder_width": 64, "encoder_depth": 3,
                "encoder_norm": True, "initialisation": "orthogonal", "noise_start": 0.5, "noise_end": 0.01,
                "noise_share": 1.0, "target_low": 0.7, "target_spread": 0.5, "checkpoint_every": 5_000,
            },
        },
    ),
    "betavae-sprites": Recipe(
        "a β-VAE on sprites at 16 pixels (64 in the lab)",
        BetaVAESettings,
        BernoulliAutoencoder,
        {
            **FEW_SPRITES, "batch": 64, "encoder_lr": 1e-3, "generator_lr": 1e-3, "generator_width": 16,
            "encoder_width": 16, "ema": 0.995,
        },
        {
            "smoke": {"steps": 4, "batch": 32, "generator_width": 8, "encoder_width": 8},
            # Kim and Mnih (2018): 300,000 steps at 1e-4
            "lab": {
                **SPRITES, "steps": 300_000, "encoder_lr": 1e-4, "generator_lr": 1e-4, "generator_width": 32,
                "encoder_width": 32,
            },
        },
    ),
}  # fmt: skip
