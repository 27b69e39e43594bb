"""A small 3-D network for volumes, trained with Adam."""

import convcore as torch
from convcore import nn
from convcore.nn import functional as F


class Net3d(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(1, 8, 3, padding=1),
            nn.BatchNorm3d(8),
            nn.ReLU(),
            nn.MaxPool3d(2),
            nn.Conv3d(8, 16, 3, stride=(1, 2, 2), padding=1, groups=2),
            nn.BatchNorm3d(16),
            nn.Tanh(),
            nn.AvgPool3d(2),
        )
        self.classifier = nn.Linear(16 * 2 * 1 * 1, 10)

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, start_dim=1)
        return F.log_softmax(self.classifier(x), dim=1)


def build():
    return Net3d()


def train(model, inputs, targets, steps):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for step in range(steps):
        x, y = inputs[step % len(inputs)], targets[step % len(targets)]
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        correct = model(inputs[0]).argmax(1).eq(targets[0]).float().mean().item()
    return losses, correct


SHAPE = (8, 1, 8, 8, 8)
