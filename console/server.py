"""The console's web server: gunicorn with threads, started from the command line."""

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

# A request takes some hundredths of a second; the database serves one writer at a time.
_THREADS = 16


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn says nothing of its types
    """Gunicorn for one application; it ends by SIGTERM or Ctrl-C once the requests under way are answered."""

    def __init__(self, application: Callable[..., Any], bind: str, workers: int):
        self.application, self.bind, self.workers = application, bind, workers
        super().__init__()

    def load_config(self) -> None:
        """Settings of gunicorn; requests are not logged, for they say who looked at what."""
        settings = {
            "bind": self.bind,
            "workers": self.workers,
            "threads": _THREADS,
            "worker_class": "gthread",
            "umask": 0o077,
            "loglevel": "warning",
            "accesslog": None,
            "limit_request_line": 4094,
            "timeout": 60,
            # Longer than most read a page: else a request may meet a connection that is just being closed.
            "keepalive": 75,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """The application."""
        return self.application
