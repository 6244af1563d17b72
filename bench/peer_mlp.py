"""The MLP of the training benchmarks in PyTorch."""

import torch


def mlp(inputs, hidden):
    """Linear layers with ReLU between them and one logit."""
    widths, modules = [inputs, *hidden], []
    for a, b in zip(widths, hidden):
        modules += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules, torch.nn.Linear(widths[-1], 1))
