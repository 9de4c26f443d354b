"""A worker that goes on with an upload, slowly, and says after each batch how far it is: to be killed."""

from __future__ import annotations

import os
import sys
import time

from gateway import bootstrap, config
from gateway.services import uploads
from gateway.services.imports import jobs


def main() -> None:
    """Go on with the upload whose id was given."""
    jobs.BATCH = 100
    gateway = bootstrap.build(config.load(dict(os.environ)))
    rows = 0

    def slowly() -> bool:
        nonlocal rows
        rows += jobs.BATCH
        sys.stdout.write(f"{rows - jobs.BATCH}\n")
        sys.stdout.flush()
        time.sleep(0.05)
        return False

    uploads.go_on(gateway, sys.argv[1], stop=slowly)


if __name__ == "__main__":
    main()
