"""What the tests of the fast engine share: its kernels, where this machine can compile them."""

from __future__ import annotations

import pytest

from sutja.networks.fast.compiler import UnbuiltError, kernel_library
from sutja.networks.fast.library import Kernels


def compiled_kernels() -> Kernels:
    """The kernels; skips the test where there is no compiler."""
    try:
        return Kernels(kernel_library())
    except UnbuiltError as error:
        pytest.skip(str(error))
