"""``zoomearth:askmany``: many questions about many rasters, in one run that can be gone on with."""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingUtils,
    QgsProperty,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..layer_look import layer_look
from ..layer_pixels import file_uri
from ..zoomearth.core.errors import ZoomEarthError
from ..zoomearth.core.raster_request import is_no_path
from ..zoomearth.core.types import MAX_QUESTION_LENGTH
from .answer_features import crs_of_text, crs_text
from .ask_many_inputs import DEFAULT_CRS, AskManyInputs
from .batch_output import BatchOutput
from .batch_process import run_batch_process
from .batch_sinks import BatchSinks
from .kinds import POLYGONS, TABLE
from .outputs import destination_of
from .rasters import BatchRaster, folder_of, indexed_rasters, lines_of, rasters_in, texts_of

translate = QCoreApplication.translate

SHOWN_LETTERS = 60
"""Of a question that is refused."""


class AskManyAlgorithm(AskManyInputs):
    """One output for all answers, in one CRS, and one table of failures."""

    OUTPUT, FAILURES = "OUTPUT", "FAILURES"
    ANSWERED, FAILED = "ANSWERED", "FAILED"
    NAME = "askmany"
    ICON = "history.svg"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "Ask many questions about many rasters")

    def tags(self) -> List[str]:
        return translate("Processing", "question,answer,batch,folder,tiles,index,mosaic,ai,model").split(",")

    def shortDescription(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "Asks each question about each raster; all answers in one layer.")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        return translate(
            "Processing",
            "Asks every question about every raster. The rasters are chosen one by one, found in a folder, "
            "or named by a field of a tile index. The questions are typed, one a line, or come from a field "
            "of a table. Layers that are chosen are looked at as the project shows them; all other files as "
            "they are.\n\n"
            "All answers go to one output in one CRS; the column source_crs names each raster's own. What "
            "could not be answered is told in the table of failures, and stops nothing.\n\n"
            "When it is cancelled, what was answered stays in the outputs. With a batch file it stays there, "
            "too: run again with the same rasters, questions and options, and only what is left is asked.",
        )

    def initAlgorithm(self, configuration=None) -> None:  # noqa: N802 - QGIS's name
        self.add_inputs()
        self.addParameter(
            QgsProcessingParameterFeatureSink(self.OUTPUT, translate("Processing", "Answers"), POLYGONS)
        )
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                self.FAILURES, translate("Processing", "Failures"), TABLE, optional=True
            )
        )
        self.addOutput(QgsProcessingOutputNumber(self.ANSWERED, translate("Processing", "Answered")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED, translate("Processing", "Failed")))

    def fault(self, parameters: Dict[str, Any], context) -> str:
        kept = self.parameterAsString(parameters, self.BATCH_FILE, context)
        answers, failures = (destination_of(parameters.get(name)) for name in (self.OUTPUT, self.FAILURES))
        if kept and any(one is not None and one.is_file(Path(kept)) for one in (answers, failures)):
            return translate("Processing", "An output and the batch file are one file: choose another.")
        if answers is not None and failures is not None and answers.meets(failures):
            return translate("Processing", "The answers and the failures are one file: choose another.")
        return super().fault(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:  # noqa: N802 - QGIS's name
        """In the main thread: what the layers name, and how the engine is started."""
        self.require(parameters, context)
        self._settings = self.chosen(parameters, context)
        self._layers = self._named_rasters(parameters, context, feedback)
        self._index = self.parameterAsSource(parameters, self.TILE_INDEX, context)
        layer = self.parameterAsVectorLayer(parameters, self.TILE_INDEX, context)
        self._index_folder = folder_of(layer) if layer is not None else Path.cwd()
        self._table = self.parameterAsSource(parameters, self.QUESTION_TABLE, context)
        chosen = self.parameterAsCrs(parameters, self.CRS, context)
        self._crs = chosen if chosen.isValid() else QgsCoordinateReferenceSystem(DEFAULT_CRS)
        options = ["--model", self._settings.model, "--max-zooms", str(self._settings.max_zooms), "--json"]
        options += ["--together", str(self.parameterAsInt(parameters, self.TOGETHER, context))]
        if self._settings.view_side_px:
            options += ["--view-side", str(self._settings.view_side_px)]
        try:
            self._command, self._environment = self._engine.command(["batch", *options])
        except ZoomEarthError as error:
            raise self.failure(error) from error
        return True

    def processAlgorithm(self, parameters, context, feedback) -> Dict[str, Any]:  # noqa: N802 - QGIS's name
        def is_stopped() -> bool:
            return feedback.isCanceled() or self._engine.is_closed

        rasters = self._rasters(parameters, context, is_stopped)
        questions = self._questions(parameters, context, is_stopped)
        self._preview(rasters, questions, feedback)
        kept = self.parameterAsFileOutput(parameters, self.BATCH_FILE, context)
        retries = self.parameterAsBoolean(parameters, self.RETRY, context)
        with tempfile.TemporaryDirectory(prefix="zoomearth-") as folder:
            jobs = Path(folder, "jobs.csv")
            _write_jobs(jobs, rasters, questions)
            path = Path(kept) if kept else Path(folder, "batch.gpkg")
            output = BatchOutput(path)
            try:
                crs = self._crs_of(output, feedback)
                command = [*self._command[:4], str(jobs), *self._command[4:], "--output", str(path)]
                command += ["--crs", crs_text(crs)]
                is_new = not path.exists()
                if not is_new:
                    command.append("--retry-failures" if retries else "--resume")
                    feedback.pushInfo(translate("Processing", "Going on with {path}.").format(path=path))
            except ZoomEarthError as error:
                raise self.failure(error) from error
            with BatchSinks(self, parameters, context, feedback, crs, output, is_new=is_new) as sinks:
                try:
                    with self._engine.asking():
                        run_batch_process(command, self._environment, feedback, is_stopped, sinks.transfer)
                    sinks.finish(is_whole=not is_stopped())
                except (ZoomEarthError, QgsProcessingException) as error:
                    sinks.rescue()
                    kept_at = _kept(path, folder) if sinks.has_rows else None
                    raise self._stopped(error, kept_at) from error
        if sinks.without_place:
            warning = translate("Processing", "{count} places have none in {crs}: their geometry is empty.")
            feedback.pushWarning(warning.format(count=sinks.without_place, crs=crs.authid()))
        return sinks.results

    def _crs_of(self, output: BatchOutput, feedback) -> QgsCoordinateReferenceSystem:
        """Of a batch that is gone on with, else the one that was chosen; raises OutputUnwritableError."""
        had = output.crs()
        if not had:
            return self._crs
        crs = crs_of_text(had)
        if crs != self._crs:
            warning = translate("Processing", "The batch file keeps its answers in {crs}, as it began.")
            feedback.pushWarning(warning.format(crs=crs.authid() or had))
        return crs

    def _stopped(self, error: Exception, kept_at: Optional[Path]) -> QgsProcessingException:
        """What stopped the batch, and where its answers are."""
        told = [str(self.failure(error) if isinstance(error, ZoomEarthError) else error)]
        if kept_at is not None:
            kept = translate(
                "Processing",
                "What was answered is kept in {path}: choose it as the batch file, and the rest is asked.",
            )
            told.append(kept.format(path=kept_at))
        return QgsProcessingException("\n".join(told))

    def _rasters(self, parameters, context, is_stopped) -> List[BatchRaster]:
        found = list(self._layers)
        if self._index is not None:
            field = self.parameterAsString(parameters, self.TILE_FIELD, context)
            indexed = indexed_rasters(self._index, field, self._index_folder, is_stopped)
            found = [BatchRaster(uri) for uri in indexed]
        folder = self.parameterAsString(parameters, self.FOLDER, context)
        if folder:
            patterns = self.parameterAsString(parameters, self.PATTERNS, context)
            is_recursive = self.parameterAsBoolean(parameters, self.RECURSIVE, context)
            paths = rasters_in(Path(folder), patterns, is_recursive=is_recursive)
            found = [BatchRaster(str(path)) for path in paths]
        if not found:
            raise QgsProcessingException(translate("Processing", "There is no raster to ask about."))
        return found

    def _questions(self, parameters, context, is_stopped) -> List[str]:
        found = lines_of(self.parameterAsString(parameters, self.QUESTIONS, context))
        if self._table is not None:
            field = self.parameterAsString(parameters, self.QUESTION_FIELD, context)
            found = texts_of(self._table, field, is_stopped)
        if not found:
            raise QgsProcessingException(translate("Processing", "There is no question to ask."))
        for question in found:
            if len(question) > MAX_QUESTION_LENGTH:
                fault = translate(
                    "Processing", "A question has {length} characters, more than {most}: {beginning}…"
                )
                said = fault.format(
                    length=len(question), most=MAX_QUESTION_LENGTH, beginning=question[:SHOWN_LETTERS]
                )
                raise QgsProcessingException(said)
        return found

    def _preview(self, rasters: List[BatchRaster], questions: List[str], feedback) -> None:
        preview = translate(
            "Processing",
            "Rasters: {rasters}. Questions about each: {questions}. In all {count}, with model {model}",
        )
        counts = {"rasters": len(rasters), "questions": len(questions)}
        feedback.pushInfo(
            preview.format(**counts, count=len(rasters) * len(questions), model=self._settings.model)
        )

    def _named_rasters(self, parameters, context, feedback) -> List[BatchRaster]:
        """The layers that were chosen, as they look; a name that QGIS cannot open is left to the engine."""
        items = self.rasters_of(parameters)
        if any(isinstance(item, QgsProperty) for item in items):
            items = self.parameterAsLayerList(parameters, self.RASTERS, context)
        found = []
        for item in items:
            layer = item
            if isinstance(item, str):
                layer = QgsProcessingUtils.mapLayerFromString(item, context, False)
            is_layer = isinstance(layer, QgsRasterLayer)
            found.append(self._of_layer(layer, feedback) if is_layer else BatchRaster(str(item)))
        return found

    def _of_layer(self, layer: QgsRasterLayer, feedback) -> BatchRaster:
        """Raises QgsProcessingException where it is no file."""
        uri = file_uri(layer)
        if uri is None:
            fault = translate(
                "Processing", "The layer {name} is no file, so the batch cannot read it. Ask about it alone."
            )
            raise QgsProcessingException(fault.format(name=layer.name()))
        shown = layer_look(layer)
        if shown is None:
            warning = translate(
                "Processing", "Only QGIS can show the layer {name} as it looks: its file is read as it is."
            )
            feedback.pushWarning(warning.format(name=layer.name()))
            return BatchRaster(uri)
        bands, look = shown
        return BatchRaster.of_look(uri, bands, look)


def _write_jobs(path: Path, rasters: List[BatchRaster], questions: List[str]) -> None:
    """The job table; what is a path from the current folder must not start at the table's."""
    # A name that is no text in UTF-8 becomes one that is not there, and with that a failure among others.
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["raster", "bands", "look", "question"])
        for uri, bands, look in rasters:
            place = uri if is_no_path(uri) and not Path(uri).exists() else Path(uri).absolute()
            writer.writerows([place, bands, look, question] for question in questions)


def _kept(path: Path, folder: str) -> Path:
    """A batch's file; out of the folder, if it is in there, which is about to go."""
    if path.parent != Path(folder):
        return path
    kept = Path(tempfile.mkdtemp(prefix="zoomearth-batch-"), path.name)
    shutil.move(str(path), str(kept))
    return kept
