"""The small CIFAR-10 network of PyTorch's beginner tutorials: two convolutions, three linear layers."""

import convcore as torch
import convcore.nn as nn
import convcore.nn.functional as F
import convcore.optim as optim
from convcore.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def build():
    return Net()


def train(net, inputs, targets, steps):
    dataset = TensorDataset(torch.cat(inputs), torch.cat(targets))
    loader = DataLoader(dataset, batch_size=16, shuffle=False, num_workers=0)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    losses, running_loss = [], 0.0
    while len(losses) < steps:
        for i, data in enumerate(loader, 0):
            images, labels = data
            optimizer.zero_grad()
            outputs = net(images)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            running_loss += loss.item()
            if i % 4 == 3:
                print(f"[{i + 1:5d}] loss: {running_loss / 4:.3f}")
                running_loss = 0.0
            if len(losses) == steps:
                break

    correct, total = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            outputs = net(images)
            _, predicted = torch.max(outputs.data, 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    return losses, correct / total


SHAPE = (16, 3, 32, 32)
