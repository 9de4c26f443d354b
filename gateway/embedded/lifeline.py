"""A process that ends with the one that started it, so that a killed supervisor, server or worker leaves nothing running behind.

Only the Linux kernel offers this; elsewhere a process that was killed with SIGKILL may leave its children, and an ordinary stop does not.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def end_with(parent: int) -> None:
    """Have the kernel kill this process when `parent`, the process id that started it, ends; call it in the child, first of all."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we could ask
        os._exit(1)


def end_forks_with_me() -> None:
    """Let every process that this one forks from now on (RQ forks one for each job) end with it."""
    parent = os.getpid()
    os.register_at_fork(after_in_child=lambda: end_with(parent))
