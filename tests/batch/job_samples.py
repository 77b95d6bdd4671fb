"""Job tables as files: read, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoomearth.batch.jobs import Job, read_jobs
from zoomearth.core.errors import JobTableInvalidError

MODEL = "zoomearth-mini"


def read(path: Path, content: str | bytes) -> list[Job]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_jobs(path, model=MODEL)


def refusal_of(path: Path) -> JobTableInvalidError:
    """Why a file is no job table."""
    with pytest.raises(JobTableInvalidError) as caught:
        read_jobs(path, model=MODEL)
    assert caught.value.hint
    return caught.value


def refusal(path: Path, content: str | bytes) -> JobTableInvalidError:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return refusal_of(path)
