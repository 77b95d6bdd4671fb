"""``python -m zoomearth``, and the command ``zoomearth``: the command line as a process."""

import contextlib
import logging
import os
import sys
from typing import NoReturn

from .cli import main


def run() -> NoReturn:
    """Run the process's command and end, though a disk or a server does not answer a thread that reads.

    Python itself would wait for that thread, for ever.
    """
    status = main()
    threads = sys.modules.get("zoomearth.raster.reading_threads")
    if threads is not None and threads.are_reading():
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    run()
