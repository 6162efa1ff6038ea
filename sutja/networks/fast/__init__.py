"""The fast engine: small networks and their gradients by kernels of this package, several times as fast as PyTorch.

What it is for: networks of convolutions and linear layers that are too small for general libraries. In PyTorch, most of
LeNet-5's time goes into moving values between layouts, pooling, and ReLU.

How it works: a batch is cut into blocks of as many images as a vector register holds floats (16 with AVX-512, 8 with
AVX), and values are stored as (block, channel, row, column, image). So every number of channels fills the registers,
nothing is moved between layers, and pooling, ReLU and dropout cost almost nothing. With max-pooling only one of four
places has a gradient; the gradient of the weights picks its pixels and multiplies once instead of four times.

The contract:

- `accelerated(network)` computes `float32 (N, 1, 28, 28)` in [0, 1], or `uint8` as MNIST stores it, → logits
  `float32 (N, classes)`, for networks that `plan.py` understands. It reads the weights of `network`, which stay where
  they are: module, `state_dict` and ONNX file do not change.
- Logits and gradients are PyTorch's up to rounding: the sums are taken in another order, all in float32. The images
  have no gradient, and gradients have none themselves.
- Batch normalisation updates its running averages as PyTorch does. Dropout draws one seed from PyTorch's global
  generator for each batch.
- The same number of threads gives the same bits: each thread owns the same images, and sums are taken in their order.
- What the kernels cannot compute, PyTorch does: another device, dtype or layer; or all, where there is no C++ compiler.

The kernels are C++ (`kernels/`), compiled at the first use and kept in the user's cache folder (`compiler.py`).
"""
