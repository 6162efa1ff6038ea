"""The processor: its instructions and which of them are used, its free cores, and the GPU."""

from __future__ import annotations

import os
from pathlib import Path

from sutja.cli.diagnosis.finding import Finding, note
from sutja.environment import free_cores, processor, usable_cores

CPUINFO = Path("/proc/cpuinfo")  # on Linux
INSTRUCTION_NAMES = {  # as Linux calls them → as everybody does; those that networks are computed with
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 bfloat16",
    "amx_bf16": "AMX bfloat16",
    "asimd": "NEON",
    "sve": "SVE",
    "bf16": "bfloat16",
}
MIN_FREE_CORES = 1.5  # with fewer, a second thread waits for other programs


def check_cores() -> Finding:
    """The finding on the processor and how many of its cores are free, measured for a fifth of a second."""
    cores, usable, free = os.cpu_count() or 1, usable_cores(), free_cores()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    allowed = f", {usable} of them for this process" if usable < cores else ""
    return judge_cores(f"{processor()}, {cores} core{'s' * (cores > 1)}{allowed}{load}", cores=usable, free=free)


def judge_cores(text: str, *, cores: int, free: float | None) -> Finding:
    """The finding on `cores`, of which other programs leave `free`; `None` if no one knows how many these are."""
    if free is None:
        return Finding("processor", text)
    text = f"{text}, {free:.1f} free"
    if cores > 1 and free < MIN_FREE_CORES:
        return note("processor", text, "other programs compute: end them, or train with --threads 1")
    return Finding("processor", text)


def describe_instructions() -> list[Finding]:
    """What the processor can do, and what OpenCV uses of it."""
    import cv2

    names = [name for flag, name in INSTRUCTION_NAMES.items() if flag in processor_flags()]
    used = [word.strip("*") for word in cv2.getCPUFeaturesLine().split() if not word.endswith("?")]
    return [
        Finding("instructions", ", ".join(names) or "the system does not tell"),
        Finding("used by OpenCV", " ".join(used[-3:]) or "none of the special ones"),
    ]


def processor_flags() -> frozenset[str]:
    """The instructions of the processor as Linux calls them; none where the system does not tell."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    told = [line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))]
    return frozenset(told[0].split()) if told else frozenset()


def check_torch() -> list[Finding]:
    """What PyTorch uses of the processor, and the GPU."""
    import torch

    from sutja.networks.device import precision_on

    level = torch.backends.cpu.get_cpu_capability()
    native = precision_on(torch.device("cpu"), "bfloat16") == torch.bfloat16
    text = f"{level}, bfloat16: {'yes' if native else 'no, float32 instead'}, {torch.get_num_threads()} threads"
    return [judge_torch(text, level=level, flags=processor_flags()), _describe_gpu()]


def judge_torch(text: str, *, level: str, flags: frozenset[str]) -> Finding:
    """The finding on PyTorch, which computes with the instructions of `level` on a processor with these `flags`."""
    if level in ("DEFAULT", "NO AVX") and "avx2" in flags:
        advice = "PyTorch leaves AVX2 unused: unset ATEN_CPU_CAPABILITY, or install another build of PyTorch"
        return note("used by PyTorch", text, advice)
    return Finding("used by PyTorch", text)


def _describe_gpu() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding("GPU", ", ".join(map(torch.cuda.get_device_name, range(torch.cuda.device_count()))))
    return Finding("GPU", "Apple GPU (mps)" if torch.backends.mps.is_available() else "none that PyTorch can use")
