"""Both outputs of a batch, filled while it runs."""

from __future__ import annotations

from typing import Any, Dict, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureSink,
    QgsProcessingAlgorithm,
    QgsProcessingException,
)

from .answer_features import fields_of
from .batch_output import ANSWERS, BATCH_FIELDS, FAILURE_FIELDS, FAILURES, BatchOutput
from .kinds import MULTIPOLYGON, NO_GEOMETRY


class BatchSinks:
    """Both outputs of a run, made as soon as the engine has taken the jobs."""

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: Dict[str, Any],
        context,
        crs: QgsCoordinateReferenceSystem,
        output: BatchOutput,
    ) -> None:
        self._algorithm, self._parameters, self._context = algorithm, parameters, context
        self._crs, self._output = crs, output
        self._sinks: Dict[str, Optional[QgsFeatureSink]] = {}
        self._answered: set = set()
        self.without_place = 0
        self.results: Dict[str, Any] = {algorithm.ANSWERED: 0, algorithm.FAILED: 0}

    def transfer(self) -> None:
        """Add what was written since; the file may be another batch's until the engine wrote."""
        if self._output.has_changed():
            self._add_fresh()

    def _add_fresh(self) -> None:
        for table, feature in self._output.fresh():
            self._open()
            name = self._algorithm.FAILURES if table == FAILURES else self._algorithm.OUTPUT
            if table == FAILURES:
                self.results[self._algorithm.FAILED] += 1
            else:
                self._answered.add(feature["job_id"])
                self.without_place += table != ANSWERS
            sink = self._sinks[name]
            if sink is not None and not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(self._algorithm.writeFeatureError(sink, self._parameters, name))

    def finish(self) -> None:
        """Add the rest, and count; the engine has ended."""
        self._output.recover()
        self._add_fresh()
        self._open()
        self.results[self._algorithm.ANSWERED] = len(self._answered)

    def _open(self) -> None:
        if self._sinks:
            return
        kinds = (
            (self._algorithm.OUTPUT, BATCH_FIELDS, MULTIPOLYGON, self._crs),
            (self._algorithm.FAILURES, FAILURE_FIELDS, NO_GEOMETRY, QgsCoordinateReferenceSystem()),
        )
        for name, fields, geometry, crs in kinds:
            sink, identity = self._algorithm.parameterAsSink(
                self._parameters, name, self._context, fields_of(fields), geometry, crs
            )
            if sink is None and name == self._algorithm.OUTPUT:
                raise QgsProcessingException(self._algorithm.invalidSinkError(self._parameters, name))
            self._sinks[name] = sink
            if sink is not None:
                self.results[name] = identity
