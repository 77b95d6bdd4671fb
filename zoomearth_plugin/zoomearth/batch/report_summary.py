"""What a batch's output says, read for its report: counts, answers, failures, times, places, doubts."""

from __future__ import annotations

# Names of tables and columns in statements are constants of this room; hence nosec B608.
import heapq
import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low
from typing import NamedTuple

import numpy as np
import shapely
from shapely.errors import ShapelyError

from ..core.answer_table import SEARCHED_AREA
from ..core.errors import OutputUnwritableError
from .outcome_rows import ANSWERS, FAILURES, UNREFERENCED
from .store import BATCH

MOST_ANSWERS = 20
MOST_PLACES = 3000
MOST_DOUBTFUL = 12
_NO_DOUBT = (
    "overview_",
    "stretch_",
    "already_native",
    "unreferenced",
    "no_geotransform",
    "control_points",
    "rational_polynomials",
)
"""How the codes begin that only say how pixels were shown or placed; all others cast doubt on an answer."""
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_COLUMNS = "job_id, question, answer, kind, score, seen_gsd_m, warnings, source, pixel_box, seconds, timings"
_EVERY = f'(SELECT {_COLUMNS} FROM "{ANSWERS}" UNION ALL SELECT {_COLUMNS} FROM "{UNREFERENCED}")'  # nosec B608


class Failures(NamedTuple):
    """Jobs that failed with one code, and one of them."""

    code: str
    jobs: int
    job_id: str
    message: str
    hint: str


class Place(NamedTuple):
    """A row of answers on the map.

    Args:
        is_region: Whether it is a region; else it is what was searched.
        shape: In the output's CRS.
    """

    answer: str
    question: str
    is_region: bool
    shape: shapely.Geometry


class Doubtful(NamedTuple):
    """An answer that somebody had better look at, and where it was read from."""

    job_id: str
    question: str
    answer: str
    source: str
    pixel_box: str
    score: float | None
    seen_gsd_m: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Times:
    """Seconds that answers took.

    Args:
        stages: Sum by stage, over all answers.
        seconds: Of each answer, sorted.
    """

    stages: dict[str, float] = field(default_factory=dict)
    seconds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Summary:
    """All that a report tells.

    Args:
        crs: Of the places.
        answered: Jobs with an answer.
        failed: Jobs without.
        without_region: Jobs whose answer was read from all that was searched.
        unreferenced: Rows that have no place in the CRS.
        answers: The most frequent, each with its number of jobs.
        answer_kinds: How many different answers there are.
        failures: By code, the most frequent first.
        times: What answers took.
        places: At most :data:`MOST_PLACES`, taken evenly.
        all_places: How many there are.
        doubtful: The least certain answers, the worst first.
    """

    crs: str
    answered: int
    failed: int
    without_region: int
    unreferenced: int
    answers: tuple[tuple[str, int], ...]
    answer_kinds: int
    failures: tuple[Failures, ...]
    times: Times
    places: tuple[Place, ...]
    all_places: int
    doubtful: tuple[Doubtful, ...]


def read_summary(path: Path) -> Summary:
    """Read the output of a batch.

    Raises:
        OutputUnwritableError: It is not there, or is no such output.
    """
    hint = "Name the GeoPackage that a batch wrote."
    if not path.is_file():
        raise OutputUnwritableError(f"there is no {path} to report on", hint)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return _summary(database)
    except (sqlite3.Error, ShapelyError, KeyError, ValueError, TypeError) as error:
        raise OutputUnwritableError(f"{path} is no output of a batch: {error}", hint) from error


def _summary(database: sqlite3.Connection) -> Summary:
    def count(query: str, *values: object) -> int:
        return int(database.execute(query, values).fetchone()[0])

    all_places = count(f'SELECT count(*) FROM "{ANSWERS}"')  # nosec B608
    answers = database.execute(
        f"SELECT trim(coalesce(answer, '')) AS said, count(DISTINCT job_id) AS jobs FROM {_EVERY}"
        " GROUP BY said ORDER BY jobs DESC, said"  # nosec B608
    ).fetchall()
    return Summary(
        crs=dict(database.execute(f'SELECT name, value FROM "{BATCH}"'))["crs"],  # nosec B608
        answered=count(f"SELECT count(DISTINCT job_id) FROM {_EVERY}"),  # nosec B608
        failed=count(f'SELECT count(DISTINCT job_id) FROM "{FAILURES}"'),  # nosec B608
        without_region=count(
            f"SELECT count(DISTINCT job_id) FROM {_EVERY} WHERE kind = ?",  # nosec B608
            SEARCHED_AREA,
        ),
        unreferenced=count(f'SELECT count(*) FROM "{UNREFERENCED}"'),  # nosec B608
        answers=tuple(answers[:MOST_ANSWERS]),
        answer_kinds=len(answers),
        failures=tuple(_failures(database)),
        times=_times(database),
        places=tuple(_places(database, every=-(-all_places // MOST_PLACES))),
        all_places=all_places,
        doubtful=tuple(_doubtful(database)),
    )


def _failures(database: sqlite3.Connection) -> Iterator[Failures]:
    query = (
        f'SELECT code, count(DISTINCT job_id) AS jobs, job_id, message, hint, min(fid) FROM "{FAILURES}"'
        " GROUP BY code ORDER BY jobs DESC, code"  # nosec B608
    )
    for code, jobs, job_id, message, hint, _ in database.execute(query):
        yield Failures(str(code), jobs, str(job_id), message or "", hint or "")


def _times(database: sqlite3.Connection) -> Times:
    stages: defaultdict[str, float] = defaultdict(float)
    seconds: list[float] = []
    for spent, timings in database.execute(
        f"SELECT max(seconds), max(timings) FROM {_EVERY} GROUP BY job_id"  # nosec B608
    ):
        if spent is not None:
            seconds.append(float(spent))
        for stage, part in json.loads(timings or "{}").items():
            stages[str(stage)] += float(part)
    return Times(dict(stages), tuple(np.sort(np.array(seconds, dtype=float)).tolist()))


def _places(database: sqlite3.Connection, *, every: int) -> Iterator[Place]:
    query = f'SELECT answer, question, kind, "geom" FROM "{ANSWERS}" WHERE fid % ? = 0 ORDER BY fid'  # nosec B608
    for answer, question, kind, blob in database.execute(query, (max(1, every),)):
        if blob is not None:
            shape = shape_of(blob)
            if not shape.is_empty:
                yield Place((answer or "").strip(), question or "", kind != SEARCHED_AREA, shape)


def shape_of(blob: bytes) -> shapely.Geometry:
    """What :func:`.outcome_rows.geopackage_geometry` stored."""
    return shapely.from_wkb(blob[8 + _ENVELOPE_BYTES[blob[3] >> 1 & 7] :])


def _doubtful(database: sqlite3.Connection) -> list[Doubtful]:
    """One a job: scored ones by their score; else those with warnings, then what was seen coarsest.

    At most half of all answers; of those without score or warning only what was seen coarser than half.
    """
    seen = f"SELECT max(seen_gsd_m) FROM {_EVERY} GROUP BY job_id"  # nosec B608
    seen_m = [row[0] for row in database.execute(seen)]
    known_m = [one_m for one_m in seen_m if one_m is not None]
    middle_m = median_low(known_m) if known_m else math.inf
    query = (  # SQLite takes the other columns from the row with the least score
        "SELECT job_id, question, answer, source, pixel_box, min(score), seen_gsd_m, warnings"
        f" FROM {_EVERY} GROUP BY job_id"  # nosec B608
    )
    answers = (Doubtful._make((*row[:-1], _warnings(row[-1]))) for row in database.execute(query))
    doubted = (
        one for one in answers if one.score is not None or one.warnings or (one.seen_gsd_m or 0.0) > middle_m
    )
    return heapq.nsmallest(min(MOST_DOUBTFUL, -(-len(seen_m) // 2)), doubted, key=_certainty)


def _certainty(one: Doubtful) -> tuple[bool, float, bool, float, str]:
    is_scored = one.score is not None
    return (
        not is_scored,
        one.score if one.score is not None else 0.0,
        not one.warnings,
        -(one.seen_gsd_m or 0.0),
        one.job_id,
    )


def _warnings(text: str | None) -> tuple[str, ...]:
    return tuple(line for line in (text or "").splitlines() if line and not line.startswith(_NO_DOUBT))
