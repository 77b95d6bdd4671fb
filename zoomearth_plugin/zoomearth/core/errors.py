"""Every failure the product can name: a stable code, a message for the log, a hint for the person."""

from __future__ import annotations

from typing import Any, Dict, Optional, Type


class ZoomEarthError(Exception):
    """Root of all failures; each child fixes ``code``, which never changes between releases.

    Args:
        message: What happened, for the log.
        hint: What the person can do about it, one sentence; the class's own when left out.
    """

    code = "error"
    default_hint = "See the log for details."

    def __init__(self, message: str, hint: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is not None else self.default_hint

    def to_json(self) -> Dict[str, str]:
        """The error as ``{"code", "message", "hint"}``."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class RasterUnreadableError(ZoomEarthError):
    code = "raster_unreadable"
    default_hint = "Check that the file exists, is complete and is a raster that GDAL can open."


class RasterEmptyError(ZoomEarthError):
    code = "raster_empty"
    default_hint = "Every pixel of the area is nodata; choose another area or raster."


class RasterTypeUnsupportedError(ZoomEarthError):
    code = "raster_type_unsupported"
    default_hint = "Convert the raster to integer or real pixel values first."


class AreaOutsideError(ZoomEarthError):
    code = "area_outside"
    default_hint = "Choose an area that overlaps the raster."


class AreaRequiredError(ZoomEarthError):
    code = "area_required"
    default_hint = "This map shows much of the world: choose what the map shows, or draw the area to search."


class QuestionInvalidError(ZoomEarthError):
    code = "question_invalid"
    default_hint = "Type a question of one to 2,000 characters."


class ModelMissingError(ZoomEarthError):
    code = "model_missing"
    default_hint = "Choose an installed model in the settings, or fetch this one first."


class ModelIncompatibleError(ZoomEarthError):
    code = "model_incompatible"
    default_hint = "Choose a model of the Qwen2.5-VL architecture."


class WeightsUnsafeError(ZoomEarthError):
    code = "weights_unsafe"
    default_hint = "Only safetensors weights without remote code are loaded; convert the model first."


class OutOfMemoryError(ZoomEarthError):
    code = "out_of_memory"
    default_hint = "Lower the view side in the settings, or choose a smaller model."


class EngineMissingError(ZoomEarthError):
    code = "engine_missing"
    default_hint = "Set up the engine's Python environment in the ZoomEarth settings."


class WorkerDiedError(ZoomEarthError):
    code = "worker_died"
    default_hint = "Ask again: the engine restarts with the next question."


class WorkerTimeoutError(ZoomEarthError):
    code = "worker_timeout"
    default_hint = "Ask again: the engine restarts with the next question."


class ServerUnreachableError(ZoomEarthError):
    code = "server_unreachable"
    default_hint = "Check the server's address and that it is running."


class ServerRefusedError(ZoomEarthError):
    code = "server_refused"
    default_hint = "Check the server's model name, limits and credentials."


class OutputUnwritableError(ZoomEarthError):
    code = "output_unwritable"
    default_hint = "Choose a folder that you may write to."


class DiskFullError(ZoomEarthError):
    code = "disk_full"
    default_hint = "Free some disk space, then try again."


class JobTableInvalidError(ZoomEarthError):
    code = "job_table_invalid"
    default_hint = "Correct the named rows and try again."


class TrainingConfigError(ZoomEarthError):
    code = "training_config_invalid"
    default_hint = "Correct the named entry of the training file."


class DataInvalidError(ZoomEarthError):
    """A row of a data set; the message names file and row."""

    code = "data_invalid"
    default_hint = "Correct or remove the named rows."


class TrainingDivergedError(ZoomEarthError):
    code = "training_diverged"
    default_hint = "Lower the learning rate; the last good checkpoint was kept."


class Cancelled(Exception):  # noqa: N818 - a request of the person, not an error
    """The person asked to stop. Stands outside the error tree so that no handler reports it."""


def _children(root: Type[ZoomEarthError]) -> Dict[str, Type[ZoomEarthError]]:
    return {child.code: child for child in root.__subclasses__()}


def error_from_json(payload: Dict[str, Any]) -> ZoomEarthError:
    """Rebuild an error that crossed the door.

    Args:
        payload: ``{"code", "message", "hint"}``; an unknown code gives the root class.
    """
    kind = _children(ZoomEarthError).get(str(payload.get("code")), ZoomEarthError)
    return kind(str(payload.get("message", "")), payload.get("hint"))
