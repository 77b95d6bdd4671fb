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
        is_new: Whether it was not there before; else it may be another batch's, which the engine refuses.
    """

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: Dict[str, Any],
        context,
        feedback,
        crs: QgsCoordinateReferenceSystem,
        output: BatchOutput,
        *,
        is_new: bool,
    ) -> None:
        self._algorithm, self._crs, self._output = algorithm, crs, output
        self._outputs = {
            name: FeatureOutput(algorithm, parameters, name, context, feedback)
            for name in (algorithm.OUTPUT, algorithm.FAILURES)
        }
        self._answered: set = set()
        self._failed = 0
        self._is_taken = is_new
        self.has_rows = False
        self.without_place = 0

    def __enter__(self) -> BatchSinks:
        return self

    def __exit__(self, *_: object) -> None:
        for output in self._outputs.values():
            output.close()

    @property
    def results(self) -> Dict[str, Any]:
        """What the algorithm gives."""
        counts = {self._algorithm.ANSWERED: len(self._answered), self._algorithm.FAILED: self._failed}
        written = {name: output.identity for name, output in self._outputs.items() if output.identity}
        return {**written, **counts}

    def transfer(self, has_begun: bool) -> None:
        """Add what was written since.

        Args:
            has_begun: Whether the engine told how far it is, and so has taken the file for its own.
        """
        self._is_taken |= has_begun
        if self._is_taken and self._output.has_changed():
            self._add_fresh()

    def finish(self, *, is_whole: bool) -> None:
        """Add the rest; the engine has ended.

        Args:
            is_whole: Whether it came to its end: then there are outputs, even without a row. Else what is
                there may be another batch's.
        """
        if not is_whole and not self._is_taken:
            return
        self._output.recover()
        self._add_fresh()
        if is_whole:
            self._open()

    def rescue(self) -> None:
        """Add the rest, as far as that can be; something went wrong."""
        with suppress(ZoomEarthError, QgsProcessingException):
            self.finish(is_whole=False)

    def _add_fresh(self) -> None:
        for table, feature in self._output.fresh():
            self.has_rows = True
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
