"""``python x_click.py X Y``: the left button there, pressed and let go by the X server itself."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
import time

PRESS_S = 0.05


def click(x: int, y: int) -> None:
    """Move the pointer to a place of the screen and click."""
    xlib = ctypes.CDLL("libX11.so.6")
    xtest = ctypes.CDLL("libXtst.so.6")
    xlib.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(xlib.XOpenDisplay(None))
    xtest.XTestFakeMotionEvent(display, -1, x, y, ctypes.c_ulong(0))
    for is_down in (1, 0):
        xtest.XTestFakeButtonEvent(display, 1, is_down, ctypes.c_ulong(0))
        xlib.XFlush(display)
        time.sleep(PRESS_S)
    xlib.XCloseDisplay(display)


if __name__ == "__main__":
    click(int(sys.argv[1]), int(sys.argv[2]))
