"""Times training steps of a network in PyTorch: models.py NETWORK PRECISION SIZE BATCH STEPS. Prints {"seconds", "peakBytes"}.

The networks of src/models/{cnn,vit}.ts as a user of PyTorch would write them, and timm's tf_efficientnet_lite0; bf16 is autocast, channels_last the memory
format that PyTorch recommends for convolutions on processors.
"""

import json
import resource
import sys

import torch
from torch import nn
from torch.nn import functional as F

from step_times import time_steps

network, precision, size, batch, steps = sys.argv[1], sys.argv[2], *(int(a) for a in sys.argv[3:6])
torch.manual_seed(0)
layout = torch.channels_last if "channels_last" in precision else torch.contiguous_format


class Cnn(nn.Sequential):
    def __init__(self, channels=(16, 32, 64, 96, 128)):
        layers, inputs = [], 3
        for i, filters in enumerate(channels):
            kernel, stride = (4, 2) if i == 0 else (3, 1)
            layers += [
                nn.Conv2d(inputs, filters, kernel, stride, padding=1, bias=False),
                nn.MaxPool2d(2),
                nn.BatchNorm2d(filters, eps=1e-3),
                nn.ReLU(inplace=True),
            ]
            inputs = filters
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 1))


class Block(nn.Module):
    def __init__(self, features, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = (nn.LayerNorm(features, eps=1e-6) for _ in range(2))
        self.qkv, self.out = nn.Linear(features, 3 * features), nn.Linear(features, features)
        self.dense_1, self.dense_2 = nn.Linear(features, hidden), nn.Linear(hidden, features)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm_1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, d))
        return x + self.dense_2(F.gelu(self.dense_1(self.norm_2(x))))


class Vit(nn.Module):
    def __init__(self, size, patch=16, features=128, blocks=6, heads=4, expansion=2):
        super().__init__()
        self.patches = nn.Conv2d(3, features, patch, patch, bias=False)
        self.positions = nn.Parameter(0.02 * torch.randn((size // patch) ** 2, features))
        self.blocks = nn.Sequential(*(Block(features, heads, expansion * features) for _ in range(blocks)))
        self.norm, self.logit = nn.LayerNorm(features, eps=1e-6), nn.Linear(features, 1)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        return self.logit(self.norm(self.blocks(x)).mean(1))


def lite0():
    import timm

    return timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=1)


make = {"cnn": Cnn, "vit": lambda: Vit(size), "efficientnet-lite0": lite0}[network]
model = make().train().to(memory_format=layout)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
loss = nn.BCEWithLogitsLoss()
pixels = (torch.arange(batch * size * size * 3) % 251).to(torch.uint8).reshape(batch, size, size, 3)
labels = (torch.arange(batch) % 2).float().reshape(-1, 1)


def step():
    optimizer.zero_grad()
    x = ((pixels.float() / 255 - 0.5) / 0.25).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision.startswith("autocast")):
        logits = model(x)
    value = loss(logits.float(), labels)
    value.backward()
    optimizer.step()
    value.item()


seconds = time_steps(steps, step)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peakBytes": peak}))
