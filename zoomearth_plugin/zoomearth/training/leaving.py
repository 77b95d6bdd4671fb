"""The end of a run in many processes."""

from __future__ import annotations

import logging
import os
import sys
import time

from torch import distributed

_FAREWELL_S = 1.0
"""Others may still be on their way out of the last wait for everyone; who is gone would break it."""


def leave() -> None:
    """End this process, if the run had others; of a run in one process nothing is left to do.

    All is exported by now. Libraries' threads that still listen to the other processes abort the
    interpreter's own end now and then, which would make a failure of what has succeeded.
    """
    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return
    time.sleep(_FAREWELL_S)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
