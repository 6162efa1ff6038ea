"""LeNet-5 learns MNIST's handwritten digits, on one screen: `python examples/train_in_60_lines.py [EPOCHS]`.

After three epochs it reads about 99 % of the 10,000 test digits correctly; README tells how far it can get.
"""

import sys
import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from sutja.data.dataset import load_dataset
from sutja.data.digits import Digits

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
BATCH_SIZE = 128
PEAK_LEARNING_RATE = 0.006


def lenet5() -> nn.Sequential:
    return nn.Sequential(  # (N, 1, 28, 28)
        nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.MaxPool2d(2), nn.ReLU(),  # (N, 6, 14, 14)
        nn.Conv2d(6, 16, kernel_size=5), nn.MaxPool2d(2), nn.ReLU(),  # (N, 16, 5, 5)
        nn.Flatten(),  # (N, 400)
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),  # (N, 10): one logit for each digit
    )  # fmt: skip


def tensors(digits: Digits) -> tuple[Tensor, Tensor]:
    """Images `float32 (N, 1, 28, 28)` in [0, 1] and labels `int64 (N,)`."""
    return torch.from_numpy(digits.images).unsqueeze(1) / 255, torch.from_numpy(digits.labels)


def main() -> None:
    torch.manual_seed(0)
    mnist = load_dataset()
    (images, labels), (test_images, test_labels) = tensors(mnist.train), tensors(mnist.test)
    network = lenet5()
    optimiser = torch.optim.AdamW(network.parameters())
    steps = EPOCHS * (len(images) // BATCH_SIZE + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_LEARNING_RATE, total_steps=steps)
    for epoch in range(1, EPOCHS + 1):
        start = time.perf_counter()
        for batch in torch.randperm(len(images)).split(BATCH_SIZE):
            optimiser.zero_grad()
            functional.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimiser.step()
            schedule.step()
        with torch.inference_mode():
            accuracy = (network(test_images).argmax(1) == test_labels).double().mean().item()
        print(f"epoch {epoch}: {accuracy:.2%} of the test digits, {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
