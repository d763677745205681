"""The RQ worker, as the `Procfile` starts it: `python worker.py`."""

from __future__ import annotations

from bot.jobs.worker import main

if __name__ == "__main__":
    main()
