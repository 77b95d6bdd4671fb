"""A Ray cluster, one of one's own or one that is there: connecting to it, and what fits into it."""

from __future__ import annotations

import logging
import math
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from ..core.errors import (
    EngineMissingError,
    OutOfMemoryError,
    ServerUnreachableError,
    WorkerDiedError,
    ZoomEarthError,
)
from ..models.loading import resolve_profile
from ..models.scripted import PREFIX
from .jobs import Job

ACTOR_CPUS = 0.5
"""What an actor asks for: Ray Data keeps some of each CPU, and whole ones would never start."""
_OBJECT_STORE_BYTES = 150_000_000
_CONNECT_S = 5.0
_LOG_LEVEL, _QUIET = "RAY_BACKEND_LOG_LEVEL", "fatal"
_STANDARD_ERROR = 2
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pool:
    """What is asked of a cluster.

    Args:
        workers: Actors.
        gpus: Of a graphics card, for each actor; 0 for none.
        threads: Of torch, in each actor.
        beside: Actors on a machine, where they are spread evenly.
        cores: Of its machine, that each keeps to; None for a fair share of what is free.
    """

    workers: int
    gpus: float
    threads: int
    beside: int
    cores: int | None = None


def import_ray() -> Any:
    """Ray, which tells nobody that it is used, and starts no cluster that it was not asked to start.

    Raises:
        EngineMissingError: It is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # else threads that are left behind start another
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault(_LOG_LEVEL, _QUIET)
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # else what was held back is told after the end
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise EngineMissingError(
            f"batches across machines need Ray: {error}", "Install it: pip install 'zoomearth[batch]'."
        ) from error
    hook = sys.modules.get("ray._private.auto_init_hook")  # where Ray was imported before
    if hook is not None:
        vars(hook)["enable_auto_connect"] = False
    return ray


@contextmanager
def connected(ray: Any, workers: int | None, address: str | None) -> Iterator[None]:
    """Within: there is a cluster. One that was started here is gone afterwards, with its processes.

    Args:
        ray: Of :func:`import_ray`.
        workers: CPUs of a cluster of one's own; None for as many as there are.
        address: Of one that is there; None to start one.

    Raises:
        ServerUnreachableError: None is there.
        WorkerDiedError: None could be started.
    """
    if ray.is_initialized():
        raise ZoomEarthError(
            "this process is connected to a Ray cluster already", "Disconnect first: ray.shutdown()."
        )
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address is None:
            size = {"num_cpus": workers or cores(), "object_store_memory": _OBJECT_STORE_BYTES}
            with _silent_about_its_log():
                ray.init(address="local", include_dashboard=False, **size, **quiet)
        else:
            _look_for(address)
            with _silent_about_its_log():
                ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError, TimeoutError) as error:
        ray.shutdown()
        if address is None:
            raise WorkerDiedError(f"Ray did not start: {error}", "Use --engine local.") from error
        raise ServerUnreachableError(
            f"no Ray cluster answers at {address}: {error}",
            "Name HOST:PORT of the cluster's head, by default port 6379, or auto on one of its machines.",
        ) from error
    with redirect_stdout(sys.stderr):  # where Ray's threads tell of deaths, some as they end
        try:
            yield
        finally:
            ray.shutdown()


@contextmanager
def _silent_about_its_log() -> Iterator[None]:
    """Within: Ray's own code does not tell on standard error how much it tells there.

    It says so before it obeys, in no way that can be changed: what is written is kept, and told afterwards
    without that line.
    """
    if os.environ.get(_LOG_LEVEL) != _QUIET:  # somebody wants to see more of it
        yield
        return
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        own = os.dup(_STANDARD_ERROR)
        os.dup2(held.fileno(), _STANDARD_ERROR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(own, _STANDARD_ERROR)
            os.close(own)
            held.seek(0)
            for line in held:
                if _LOG_LEVEL.encode() not in line:
                    os.write(_STANDARD_ERROR, line)


def pool_of(ray: Any, jobs: Sequence[Job], workers: int | None, cores_each: int | None = None) -> Pool:
    """What to ask of the cluster that is connected.

    Args:
        ray: Connected.
        jobs: Their models must fit.
        workers: None for one for each graphics card, else for each CPU, or each ``cores_each`` of them.
        cores_each: That a worker keeps to, one of them to read with if there are several; None for its share.

    Raises:
        OutOfMemoryError: So many do not fit a graphics card.
    """
    there = ray.cluster_resources()
    cards, cpus = int(there.get("GPU", 0)), int(there.get("CPU", 0))
    wanted = workers or cards or max(1, cpus // (cores_each or 1))
    needs_cards = cards > 0 and any(not job.model.startswith(PREFIX) for job in jobs)
    gpus = card_share(wanted, cards) if needs_cards else 0.0
    if 0 < gpus < 1:
        _check_memory(ray, {job.model for job in jobs}, gpus)
    own = os.environ.get("OMP_NUM_THREADS", "")
    fair = cores_each - 1 if cores_each else (max(cpus, cores()) - 1) // wanted
    threads = int(own) if own.isdigit() else max(1, fair)
    machines = sum(bool(node["Alive"] and node["Resources"].get("CPU", 0) > 0) for node in ray.nodes())
    return Pool(wanted, gpus, threads, math.ceil(wanted / max(1, machines)), cores_each)


def card_share(workers: int, cards: int) -> float:
    """How much of a card each of so many workers gets, where cards are shared evenly."""
    return 1.0 if workers <= cards else math.floor(10_000 / math.ceil(workers / cards)) / 10_000


def places(ray: Any, pool: Pool) -> int:
    """How many actors of a pool the machines that live can hold."""
    found = 0
    for node in ray.nodes():
        if node["Alive"]:
            there = node["Resources"]
            held = int(there.get("CPU", 0) / ACTOR_CPUS)
            if pool.gpus:
                held = min(held, int(there.get("GPU", 0)) * int(1 / pool.gpus))
            found += held
    return found


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _look_for(address: str) -> None:
    """Raises OSError or ValueError where nobody listens; Ray itself would try for many minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdigit():
        raise ValueError("it is no HOST:PORT")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()


def _check_memory(ray: Any, models: set[str], share: float) -> None:
    held = ray.get(ray.remote(num_cpus=0, num_gpus=share)(_card_bytes).remote())
    for model in models:
        needed = 0 if model.startswith(PREFIX) else resolve_profile(model).memory_bytes
        if held and needed > share * held:
            raise OutOfMemoryError(
                f"{model} needs {needed / 1e9:.1f} GB, and a share of {share:.2f} of a graphics card is "
                f"{share * held / 1e9:.1f} GB",
                "Ask for fewer workers.",
            )


def _card_bytes() -> int:
    """Memory of the graphics card that this process was given; 0 where torch sees none."""
    import torch

    return int(torch.cuda.get_device_properties(0).total_memory) if torch.cuda.is_available() else 0
