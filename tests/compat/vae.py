"""A convolutional variational autoencoder (Kingma and Welling, 2014)."""

import convcore as torch
from convcore import nn, optim
from convcore.nn import functional as F


class VAE(nn.Module):
    def __init__(self, latent_dim=8):
        super().__init__()
        modules, channels = [], 1
        for h_dim in [8, 16, 32]:
            modules.append(
                nn.Sequential(
                    nn.Conv2d(channels, h_dim, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(h_dim),
                    nn.SiLU(),
                )
            )
            channels = h_dim
        self.encoder = nn.Sequential(*modules)
        self.fc_mu = nn.Linear(32 * 4 * 4, latent_dim)
        self.fc_var = nn.Linear(32 * 4 * 4, latent_dim)

        self.decoder_input = nn.Linear(latent_dim, 32 * 4 * 4)
        hidden_dims = [32, 16, 8]
        modules = []
        for i in range(len(hidden_dims) - 1):
            modules.append(
                nn.Sequential(
                    nn.ConvTranspose2d(
                        hidden_dims[i],
                        hidden_dims[i + 1],
                        kernel_size=3,
                        stride=2,
                        padding=1,
                        output_padding=0 if i == 0 else 1,
                        bias=False,
                    ),
                    nn.BatchNorm2d(hidden_dims[i + 1]),
                    nn.SiLU(),
                )
            )
        self.decoder = nn.Sequential(*modules)
        self.final_layer = nn.Sequential(
            nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.SiLU(),
            nn.Conv2d(8, 1, kernel_size=3, padding=1),
            nn.Sigmoid(),
        )

    def encode(self, x):
        h = torch.flatten(self.encoder(x), start_dim=1)
        return self.fc_mu(h), self.fc_var(h)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        result = self.decoder_input(z).view(-1, 32, 4, 4)
        return self.final_layer(self.decoder(result))

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / x.size(0) / x[0].numel()


def build():
    return VAE()


def train(model, inputs, targets, steps):
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    model.train()
    for step in range(steps):
        data = inputs[step % len(inputs)]
        optimizer.zero_grad()
        recon_batch, mu, logvar = model(data)
        loss = loss_function(recon_batch, data, mu, logvar)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        error = F.mse_loss(model(inputs[0])[0], inputs[0]).item()
        assert model.decode(torch.randn(4, 8)).shape == (4, 1, 28, 28)
    return losses, error
