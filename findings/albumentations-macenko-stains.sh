#!/usr/bin/env bash
# HEStain of AlbumentationsX 2.5.1 with method "macenko" takes an image for a mixture of other stains than it was made of. Asked to change the
# stains by nothing, it moves pixels by eight levels on average. It reads the eigenvectors of the colours' covariance in columns where
# OpenCV gives them in rows.
#
# Expected: an image made of two stains comes back when neither is changed, as with the true stains, with method "vahadane", and with
# Macenko's method written out by NumPy, all of which change it by a level at most on average.
# Why it matters: the augmentation is meant to vary the amount of each stain. It also shifts the colours of every tile, by an amount that
# depends on the tile, so that a network learns from colours that no slide has. (Installs PyTorch.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check albumentationsx==2.5.1 opencv-python-headless==5.0.0.93 torch==2.15.0 numpy==2.4.6
NO_ALBUMENTATIONS_UPDATE=1 "$folder/venv/bin/python" - <<'PY'
import sys
import albumentations
import numpy as np

HEMATOXYLIN, EOSIN = (np.array(colour) / np.linalg.norm(colour) for colour in ([0.65, 0.70, 0.29], [0.07, 0.99, 0.11]))
STAINS = np.array([HEMATOXYLIN, EOSIN])
amounts = np.random.default_rng(0).uniform(0, 1.2, (64, 64, 2))
amounts[:16, :, 0] = 0
amounts[16:32, :, 1] = 0
image = np.rint(255 * np.exp(-amounts @ STAINS)).astype(np.uint8)


def unchanged(method, **options):
    transform = albumentations.HEStain(method=method, intensity_scale_range=(1, 1), intensity_shift_range=(0, 0), augment_background=True,
                                       p=1, **options)
    return transform(image=image)["image"]


def macenko():
    density = -np.log(np.maximum(image.reshape(-1, 3), 1) / 255)
    _, axes = np.linalg.eigh(np.cov(density[(density > 0.05).any(axis=1)].T))
    plane = axes[:, [2, 1]] * np.sign(axes[:, [2, 1]].sum(axis=0))
    angles = np.arctan2(*(density[(density > 0.05).any(axis=1)] @ plane).T[::-1])
    stains = np.array([plane @ [np.cos(angle), np.sin(angle)] for angle in np.percentile(angles, [1, 99])])
    return np.rint(255 * np.exp(-density @ np.linalg.pinv(stains) @ stains)).clip(0, 255).reshape(image.shape)


results = {
    "the true stains": unchanged("custom", stain_matrix=STAINS.astype(np.float32)),
    "vahadane": unchanged("vahadane"),
    "macenko by NumPy": macenko(),
    "macenko": unchanged("macenko"),
}
changes = {name: np.abs(result.astype(int) - image).mean() for name, result in results.items()}
print(f"AlbumentationsX {albumentations.__version__}: mean change of an image whose stains are left as they are, in levels of 255")
for name, change in changes.items():
    print(f"  {name}: {change:.2f}")
wrong = changes.pop("macenko")
sys.exit(0 if wrong > 5 and all(change < 1 for change in changes.values()) else 1)
PY
