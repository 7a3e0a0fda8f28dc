"""A small network in place of the trees, to compare: the same inputs, the same targets, evaluated in numpy as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

HIDDEN, STEPS, BATCH, RATE, DECAY = 48, 800, 512, 4e-3, 1e-3
MEMBERS = 3
"""Networks whose outputs are averaged; each starts elsewhere."""


@dataclass(frozen=True)
class Network:
    """An average of M networks with two hidden layers."""

    centre: np.ndarray
    """(D,) float32: means of the inputs in training."""
    scale: np.ndarray
    """(D,) float32: their standard deviations."""
    first: np.ndarray
    """(M, D + 1, H) float32, the last row the bias."""
    second: np.ndarray
    """(M, H + 1, H) float32."""
    last: np.ndarray
    """(M, H + 1, 1) float32."""

    kind = "network"
    ARRAYS = ("centre", "scale", "first", "second", "last")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) from inputs (N, D)."""
        x = np.clip((inputs - self.centre) / self.scale, -5, 5)[None]
        for layer in (self.first, self.second):
            x = np.maximum(x @ layer[:, :-1] + layer[:, -1:], 0.0)
        return (x @ self.last[:, :-1] + self.last[:, -1:])[..., 0].mean(axis=0).astype(np.float64)

    def contributions(self, row: np.ndarray) -> tuple[float, np.ndarray]:
        """The prediction at the mean inputs, and what setting each input (D,) back to its mean would take away.

        Unlike the trees' contributions these need not sum up to the prediction.
        """
        without = np.tile(row, (len(row) + 2, 1))
        without[np.arange(len(row)), np.arange(len(row))] = self.centre
        without[-1] = self.centre
        values = self.predict(without)
        return float(values[-1]), values[-2] - values[:-2]

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """Name → array, for the file."""
        return {name: getattr(self, name) for name in self.ARRAYS}


def fit_network(inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, seed: int, least: int = 0) -> Network:
    """Minimise the weighted squared error with AdamW; the same data and seed give the same network.

    Args:
        inputs: (N, D) float32.
        targets, weights: (N,).
        seed: of the parameters and batches.
        least: means something to trees only.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    centre, scale = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-3)
    x = torch.from_numpy(np.clip((inputs - centre) / scale, -5, 5).astype(np.float32))
    y = torch.from_numpy(targets.astype(np.float32))
    likely = torch.from_numpy(np.maximum(weights, 1e-9).astype(np.float64))
    sizes = ((x.shape[1] + 1, HIDDEN), (HIDDEN + 1, HIDDEN), (HIDDEN + 1, 1))
    layers = []
    for rows, columns in sizes:
        layer = torch.randn(MEMBERS, rows, columns, generator=generator) * (2.0 / rows) ** 0.5
        layer[:, -1] = 0.0
        layers.append(layer.requires_grad_())
    optimizer = torch.optim.AdamW(layers, lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        # Weights enter as chances of being drawn, so that every step sees what matters.
        batch = torch.multinomial(likely, min(BATCH, len(y)), replacement=True, generator=generator)
        value = x[batch][None].expand(MEMBERS, -1, -1)
        for layer in layers[:-1]:
            value = torch.relu(value @ layer[:, :-1] + layer[:, -1:])
        value = (value @ layers[-1][:, :-1] + layers[-1][:, -1:])[..., 0]
        loss = (value - y[batch]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    first, second, last = (layer.detach().numpy().astype(np.float32) for layer in layers)
    return Network(centre.astype(np.float32), scale.astype(np.float32), first, second, last)
