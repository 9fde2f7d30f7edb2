"""The network that counts heads: fully convolutional, people per cell of 8 x 8 pixels; needs torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["HeadNetwork", "count_loss"]

_SCALES = (1, 2, 4, 8)
"""Cells along a side of the squares in which counts are compared: 8 to 64 px."""
_LEAST = 1e-4


def _conv(fan_in: int, fan_out: int, side: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(fan_in, fan_out, side, stride, side // 2, bias=False), nn.BatchNorm2d(fan_out), nn.ReLU(inplace=True)
    )


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.second(self.first(x))
        return out


class HeadNetwork(nn.Module):
    """RGB pictures (n, 3, h, w) of 0 to 1, sides multiples of 32 -> expected heads (n, 1, h / 8, w / 8).

    What is seen at strides 16 and 32 (how large people are, whether that is a crowd) is added to what is seen at 8.
    """

    def __init__(self) -> None:
        """Make it with random weights."""
        super().__init__()
        self.at_4 = nn.Sequential(_conv(3, 24, 5, 2), _conv(24, 48, 3, 2), _conv(48, 48))
        self.at_8 = nn.Sequential(_conv(48, 80, 3, 2), _Block(80))
        self.at_16 = nn.Sequential(_conv(80, 112, 3, 2), _Block(112))
        self.at_32 = nn.Sequential(_conv(112, 112, 3, 2), _conv(112, 112))
        self.down_4 = _conv(48, 80, 3, 2)
        self.side_16, self.side_32 = nn.Conv2d(112, 80, 1), nn.Conv2d(112, 112, 1)
        self.join = nn.Sequential(_conv(80, 80), _conv(80, 48))
        self.out = nn.Conv2d(48, 1, 1)
        nn.init.constant_(self.out.bias, -4.0)  # 0.02 heads a cell to begin with

    def forward(self, x: Tensor) -> Tensor:
        """Count."""
        four = self.at_4(x - 0.45)
        eight = self.at_8(four)
        sixteen = self.at_16(eight)
        wide = functional.interpolate(self.side_32(self.at_32(sixteen)), scale_factor=2.0, mode="nearest")
        wide = functional.interpolate(self.side_16(sixteen + wide), scale_factor=2.0, mode="nearest")
        raw = self.out(self.join(eight + self.down_4(four) + wide))
        return functional.softplus(raw.float())


def count_loss(found: Tensor, true: Tensor) -> Tensor:
    """Return how unlikely the true counts are, if heads fall as a Poisson process of the found density.

    The likelihood is taken over squares of 8, 16, 32 and 64 px and over the whole crop: it needs no width of a blob,
    tolerates a head that is a cell off, and holds the sum to the count. Crops of many people weigh less a person.

    Args:
        found: Expected heads a cell, (n, 1, h, w).
        true: Heads a cell, as many.
    """
    share = 1 / torch.sqrt(4 + true.sum(dim=(1, 2, 3)))
    total = found.new_zeros(())
    for scale in _SCALES:
        rate = functional.avg_pool2d(found, scale) * scale**2
        count = functional.avg_pool2d(true, scale) * scale**2
        missed = rate - count * torch.log(rate + _LEAST) + _of_itself(count)
        total = total + (share * missed.sum(dim=(1, 2, 3))).mean()
    rate, count = found.sum(dim=(1, 2, 3)), true.sum(dim=(1, 2, 3))
    return total + (share * (rate - count * torch.log(rate + _LEAST) + _of_itself(count))).mean()


def _of_itself(count: Tensor) -> Tensor:
    """What the loss would be at best, so that it ends near zero and is comparable between crops."""
    return count * torch.log(count.clamp(min=1)) - count
