"""The fault harness: damaged files, hostile pictures, kills, full disks, slow clients and load.

`python -m benchmarks.faults --help` lists its parts; docs/reliability.md is made of what it records.
"""

import sutja  # noqa: F401  # before OpenCV, for which it sets limits
