"""Adversarial training by the fast gradient, and its attack by the sign (Goodfellow et al., 2015)."""

import convcore as torch
import convcore.nn as nn
import convcore.nn.functional as F
from convcore.autograd import grad


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, 1)
        self.conv2 = nn.Conv2d(16, 16, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1 = nn.Linear(2304, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = F.relu(x)
        x = self.conv2(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        x = self.fc1(x)
        x = F.relu(x)
        x = self.fc2(x)
        return F.log_softmax(x, dim=1)


def fast_gradient(image, epsilon, data_grad):
    length = data_grad.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    return torch.clamp(image + epsilon * data_grad / length, 0, 1)


def fgsm_attack(image, epsilon, data_grad):
    sign_data_grad = data_grad.sign()
    perturbed_image = image + epsilon * sign_data_grad
    return torch.clamp(perturbed_image, 0, 1)


def build():
    return Net()


def train(model, inputs, targets, steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.7)
    losses = []
    model.eval()  # no dropout
    for step in range(steps):
        data, target = inputs[step % len(inputs)].clone(), targets[step % len(targets)]
        data.requires_grad = True
        clean = F.nll_loss(model(data), target)
        model.zero_grad()
        clean.backward(retain_graph=True)
        data_grad = data.grad.data
        assert torch.equal(grad(clean, data)[0], data_grad)
        perturbed = fast_gradient(data.detach(), 1.0, data_grad)

        optimizer.zero_grad()
        loss = 0.5 * F.nll_loss(model(data.detach()), target)
        loss = loss + 0.5 * F.nll_loss(model(perturbed), target)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())

    data, target = inputs[0].clone().requires_grad_(True), targets[0]
    F.nll_loss(model(data), target).backward()
    output = model(fgsm_attack(data, 8 / 255, data.grad))
    pred = output.max(1, keepdim=True)[1]
    return losses, pred.eq(target.view_as(pred)).sum().item() / len(target)
