import pytest
import torch
from zoomearth.models import device
from zoomearth.models.device import DeviceChoice, choose_device


def test_without_an_accelerator_the_cpu_computes_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_accelerators", list)
    assert choose_device() == DeviceChoice(torch.device("cpu"), torch.float32)
    assert str(choose_device()) == "cpu float32"


def test_a_card_that_cannot_compute_is_not_passed_over_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The meta device takes tensors and computes no numbers: reading the sum fails as on a broken card."""
    broken = DeviceChoice(torch.device("meta"), torch.float16)
    monkeypatch.setattr(device, "_accelerators", lambda: [broken])
    choice = choose_device()
    assert choice.device.type == "cpu"
    assert choice.warnings[0].startswith("gpu_unused: The graphics device (meta) could not be used: ")


@pytest.mark.parametrize(("has_bfloat16", "dtype"), [(True, torch.bfloat16), (False, torch.float16)])
def test_cuda_takes_bfloat16_where_the_card_has_it(
    monkeypatch: pytest.MonkeyPatch, has_bfloat16: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has_bfloat16)
    assert device._accelerators() == [DeviceChoice(torch.device("cuda", 0), dtype)]


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (16, 15)])
def test_one_core_is_left_to_others(monkeypatch: pytest.MonkeyPatch, cores: int, threads: int) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.setattr(device, "_cores", lambda: cores)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    device.leave_a_core()
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    device.leave_a_core()
    assert asked == [threads]
