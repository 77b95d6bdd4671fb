"""Both outputs of a batch, filled while it runs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict

from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingAlgorithm, QgsProcessingException

from ..zoomearth.core.errors import ZoomEarthError
from .answer_features import fields_of
from .batch_output import ANSWERS, BATCH_FIELDS, FAILURE_FIELDS, FAILURES, BatchOutput
from .kinds import MULTIPOLYGON, NO_GEOMETRY
from .outputs import FeatureOutput


class BatchSinks:
    """Both outputs of a run, made as soon as the engine has taken the jobs; closed in the end.

    Args:
        algorithm: Whose.
        parameters: Of the run.
        context: Of the run.
        feedback: Told what an output could not hold.
        crs: Of the answers.
        output: What the engine writes.
    """

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: Dict[str, Any],
        context,
        feedback,
        crs: QgsCoordinateReferenceSystem,
        output: BatchOutput,
    ) -> None:
        self._algorithm, self._crs, self._output = algorithm, crs, output
        self._outputs = {
            name: FeatureOutput(algorithm, parameters, name, context, feedback)
            for name in (algorithm.OUTPUT, algorithm.FAILURES)
        }
        self._answered: set = set()
        self._failed = 0
        self.without_place = 0

    def __enter__(self) -> BatchSinks:
        return self

    def __exit__(self, *_: object) -> None:
        for output in self._outputs.values():
            output.close()

    @property
    def has_rows(self) -> bool:
        """Whether anything came."""
        return bool(self._answered) or self._failed > 0

    @property
    def results(self) -> Dict[str, Any]:
        """What the algorithm gives."""
        counts = {self._algorithm.ANSWERED: len(self._answered), self._algorithm.FAILED: self._failed}
        written = {name: output.identity for name, output in self._outputs.items() if output.identity}
        return {**written, **counts}

    def transfer(self) -> None:
        """Add what was written since; the file may be another batch's until the engine wrote."""
        if self._output.has_changed():
            self._add_fresh()

    def finish(self, *, is_whole: bool) -> None:
        """Add the rest; the engine has ended.

        Args:
            is_whole: Whether it came to its end: then there are outputs, even without a row.
        """
        self._output.recover()
        self._add_fresh()
        if is_whole:
            self._open()

    def rescue(self) -> None:
        """Add the rest, as far as that can be; something went wrong, at best before the engine wrote."""
        if self.has_rows or self._output.has_changed():
            with suppress(ZoomEarthError, QgsProcessingException):
                self.finish(is_whole=False)

    def _add_fresh(self) -> None:
        for table, feature in self._output.fresh():
            self._open()
            if table == FAILURES:
                self._failed += 1
                self._outputs[self._algorithm.FAILURES].add(feature)
            else:
                self._answered.add(feature["job_id"])
                self.without_place += table != ANSWERS
                self._outputs[self._algorithm.OUTPUT].add(feature)

    def _open(self) -> None:
        answers, failures = self._outputs.values()
        answers.open(fields_of(BATCH_FIELDS), MULTIPOLYGON, self._crs)
        nowhere = QgsCoordinateReferenceSystem()
        failures.open(fields_of(FAILURE_FIELDS), NO_GEOMETRY, nowhere, is_optional=True)
