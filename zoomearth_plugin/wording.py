"""What a person reads for each stage, error and warning code, in the person's language."""

from __future__ import annotations

from typing import Dict

from qgis.PyQt.QtCore import QCoreApplication

from .hints import fields_of, hint_text
from .zoomearth.core.errors import ZoomEarthError
from .zoomearth.core.progress import Progress, Stage
from .zoomearth.core.sentences import SENTENCES

translate = QCoreApplication.translate

DETAIL_LENGTH = 120


def _stages() -> Dict[Stage, str]:
    return {
        Stage.QUEUED: translate("Wording", "Waiting for the question before this one…"),
        Stage.STARTING: translate("Wording", "Starting the engine…"),
        Stage.LOADING_MODEL: translate("Wording", "Loading the model…"),
        Stage.OPENING: translate("Wording", "Opening the raster…"),
        Stage.READING_OVERVIEW: translate("Wording", "Reading the overview…"),
        Stage.LOOKING: translate("Wording", "Looking…"),
        Stage.ZOOMING: translate("Wording", "Zooming in…"),
        Stage.ANSWERING: translate("Wording", "Answering…"),
        Stage.DONE: translate("Wording", "Done."),
    }


def stage_text(progress: Progress) -> str:
    """One line of plain text: the stage, and the last words of its detail.

    The detail may come from a model; show it as plain text only.
    """
    detail = " ".join(progress.text.split())
    if len(detail) > DETAIL_LENGTH:
        detail = "…" + detail[-DETAIL_LENGTH:]
    stage = _stages()[progress.stage]
    return f"{stage} {detail}" if detail else stage


def _errors() -> Dict[str, str]:
    return {
        "question_invalid": translate("Wording", "The question is empty or too long."),
        "raster_unreadable": translate("Wording", "The raster could not be read."),
        "raster_empty": translate("Wording", "There is nothing to see in this area."),
        "raster_type_unsupported": translate("Wording", "This kind of pixel values is not supported."),
        "area_outside": translate("Wording", "The area lies outside the raster."),
        "area_required": translate("Wording", "This question needs an area."),
        "model_missing": translate("Wording", "The model is not installed."),
        "model_incompatible": translate("Wording", "The model does not fit this engine."),
        "weights_unsafe": translate("Wording", "The model's files are not safe to load."),
        "out_of_memory": translate("Wording", "The memory was not enough for this question."),
        "engine_missing": translate("Wording", "The engine is not set up yet."),
        "worker_died": translate("Wording", "The engine stopped unexpectedly."),
        "worker_timeout": translate("Wording", "The engine did not reply in time."),
        "server_unreachable": translate("Wording", "The model's server cannot be reached."),
        "server_refused": translate("Wording", "The model's server refused the question."),
        "output_unwritable": translate("Wording", "The file could not be written."),
        "disk_full": translate("Wording", "The disk is full."),
        "job_table_invalid": translate("Wording", "The table of jobs cannot be used."),
        "training_config_invalid": translate("Wording", "The training file cannot be used."),
        "data_invalid": translate("Wording", "The data set cannot be used."),
        "training_diverged": translate("Wording", "The training stopped: its numbers grew out of bounds."),
    }


def error_text(error: ZoomEarthError) -> str:
    """What happened and what to do about it, two sentences; plain text."""
    what = _errors().get(error.code, translate("Wording", "Something went wrong."))
    return f"{what} {hint_text(error.hint)}"


def _warnings() -> Dict[str, str]:
    return {
        "no_answer": translate("Wording", "The model wrote no answer; see its reasoning."),
        "answer_form": translate(
            "Wording", "The model did not answer in the agreed form; these are its words."
        ),
        "zoom_limit": translate(
            "Wording", "The model asked to look closer, but the limit of zooms in the settings was reached."
        ),
        "no_closer_view": translate(
            "Wording", "The model asked to look closer, but there is no closer view."
        ),
        "several_places": translate("Wording", "The model named several places; the first one counts."),
        "gpu_unused": translate("Wording", "The graphics device could not be used; see the log."),
        "view_limited": translate(
            "Wording", "The view side in the settings is larger than this model can see, so its own was used."
        ),
        "unreferenced": translate(
            "Wording", "The raster names no coordinate reference system; the place is in its own frame."
        ),
        "control_points": translate(
            "Wording",
            "The raster is placed by control points only; the place is as good as what is fitted to them.",
        ),
        "rational_polynomials": translate(
            "Wording",
            "The raster is placed by rational polynomials only, for ground at one height; the place is "
            "off where the ground is higher or lower.",
        ),
        "no_geotransform": translate(
            "Wording", "The raster has no geotransform; the place is in its columns and rows."
        ),
        "off_earth": translate(
            "Wording",
            "A part of the place lies off the Earth; it stays in the raster's own CRS, without an area.",
        ),
        "own_crs": translate(
            "Wording", "The place cannot be shown in the project's CRS; it stays in the raster's own."
        ),
        "partly_empty": translate("Wording", "Of the area {share} holds data; nothing is known of the rest."),
        "drawn_by_qgis": translate(
            "Wording", "QGIS drew this layer for each look, in its own colours and with its own resampling."
        ),
        "no_finest_resolution": translate(
            "Wording", "The service names no finest resolution; {length} map units count as a pixel."
        ),
        "not_delivered": translate(
            "Wording", "Of what the service was asked for, {count} requests failed, such as: {reason}."
        ),
        "stretch_layer": translate(
            "Wording", "Values from {ranges} are shown as black to white, as the layer has it."
        ),
        "stretch_percentile": translate(
            "Wording", "Values from {ranges} are shown as black to white: 2 to 98 % of a sample."
        ),
        "stretch_minmax": translate(
            "Wording", "Values from {ranges} are shown as black to white: all of a sample."
        ),
        "overview_mean": translate("Wording", "The overview shows the mean of {pixels} pixels in one."),
        "overview_levels": translate(
            "Wording", "The overview comes from the file's own overview 1:{factor}, however that was made."
        ),
        "view_halved": translate(
            "Wording", "The memory was short, so the model was shown pictures of half the size."
        ),
        "already_native": translate(
            "Wording", "The area was shown in full detail already; zooming added none."
        ),
    }


def warning_text(warning: str) -> str:
    """The sentence of an answer's ``code: sentence``, in the person's language where it is known."""
    code, separator, said = warning.partition(": ")
    if not separator:
        return warning
    known = _warnings().get(code, said)
    if code not in SENTENCES:
        return known
    fields = fields_of(SENTENCES[code], said)
    return said if fields is None else known.format(**fields)
