"""A character-level language model: embedding, two LSTM layers, truncated back-propagation through time."""

import convcore as torch
import convcore.nn as nn

TEXT = (
    "the network reads one letter at a time and guesses the next; "
    "what it has read stays in its state, and the state decides the guess. "
) * 8


class CharRNN(nn.Module):
    def __init__(self, vocab_size, hidden_size=32, n_layers=2):
        super().__init__()
        self.hidden_size, self.n_layers = hidden_size, n_layers
        self.encoder = nn.Embedding(vocab_size, 16)
        self.rnn = nn.LSTM(16, hidden_size, n_layers, batch_first=True, dropout=0)
        self.decoder = nn.Linear(hidden_size, vocab_size)

    def forward(self, x, hidden):
        emb = self.encoder(x)
        output, hidden = self.rnn(emb, hidden)
        logits = self.decoder(output.contiguous().view(-1, self.hidden_size))
        return logits, hidden

    def init_hidden(self, batch_size):
        weight = next(self.parameters()).data
        return (
            weight.new_zeros(self.n_layers, batch_size, self.hidden_size),
            weight.new_zeros(self.n_layers, batch_size, self.hidden_size),
        )


characters = sorted(set(TEXT))
index = {c: i for i, c in enumerate(characters)}


def batchify(data, batch_size):
    nbatch = data.size(0) // batch_size
    data = data.narrow(0, 0, nbatch * batch_size)
    return data.view(batch_size, -1).contiguous()


def build():
    return CharRNN(len(characters))


def train(model, inputs, targets, steps):
    data = batchify(torch.tensor([index[c] for c in TEXT], dtype=torch.long), batch_size=8)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    seq_len, losses = 16, []
    hidden = model.init_hidden(8)
    model.train()
    for step in range(steps):
        start = (step * seq_len) % (data.size(1) - seq_len - 1)
        x, y = data[:, start : start + seq_len], data[:, start + 1 : start + 1 + seq_len]
        hidden = tuple(h.detach() for h in hidden)
        model.zero_grad()
        output, hidden = model(x, hidden)
        loss = criterion(output, y.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        hidden = model.init_hidden(1)
        letter, text = torch.tensor([[index["t"]]]), "t"
        for _ in range(20):
            output, hidden = model(letter, hidden)
            probabilities = torch.softmax(output[-1] / 0.5, dim=0)
            top = torch.topk(probabilities, 1).indices
            letter, text = top.view(1, 1), text + characters[top.item()]
    return losses, probabilities.max().item()
