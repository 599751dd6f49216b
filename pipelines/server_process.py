"""Prefect's server as a process of its own, on the loopback address, that ends with the one that started it.

The socket is bound before the server starts, so the port is free or the error says so at once.

    python -m pipelines.server_process SOCKET PARENT
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from claims.errors import StoreError

# Of Linux's prctl(2).
_PR_SET_PDEATHSIG = 1
_HOST = "127.0.0.1"
# Seconds that a server is given to end by itself.
_PATIENCE = 20


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that happens (Linux).

    Args:
        parent: process id of the parent; if another one is by now, it is dead already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)


def end_with_parent() -> None:
    """End this process when its parent is gone.

    For a child that a thread of its parent may have started, which the kernel would take for the parent.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_PATIENCE)
        os.kill(os.getpid(), signal.SIGKILL)

    Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def prefect_server(port: int = 0, schedules: bool = False, pause: float = 0.1) -> Iterator[str]:
    """A server for as long as the context lasts; gives the address of its API.

    Args:
        port: of the server; 0 takes any that is free.
        schedules: start flow runs when they are due, and serve the pages.
        pause: seconds between two questions whether it answers.

    Raises:
        StoreError: the port is taken, or the server does not start.
    """
    with _listening(port) as listening:
        server, api = _start(listening, schedules), f"http://{_HOST}:{listening.getsockname()[1]}/api"
    try:
        await_health(server, api, round(120 / pause), pause)
        yield api
    finally:
        stop(server)


def stop(server: "subprocess.Popen[bytes]") -> None:
    """End a server, kindly first."""
    server.terminate()
    try:
        server.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _listening(port: int) -> socket.socket:
    listening = socket.socket()
    # A port that the last server has just left counts as free.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise StoreError(f"port {port} is taken by another program: choose another with --port") from error
    return listening


def _start(listening: socket.socket, schedules: bool) -> "subprocess.Popen[bytes]":
    number, nowhere = listening.fileno(), subprocess.DEVNULL
    command = [sys.executable, "-m", __name__, str(number), str(os.getpid())]
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PREFECT__SERVER_FINAL": "1", "PYTHONPATH": os.pathsep.join(paths)}
    if not schedules:
        environment |= {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_UI_ENABLED": "0"}
    return subprocess.Popen(command, env=environment, pass_fds=[number], stdout=nowhere, stderr=nowhere)


def await_health(server: "subprocess.Popen[bytes]", api: str, tries: int = 120, pause: float = 1) -> None:
    """Wait until Prefect's server answers; whatever else it answers, ask again after a pause (seconds).

    Raises:
        StoreError: the server ended, or gave no good answer in so many tries.
    """
    import httpx

    # One client, for making one reads all certificates of the machine.
    with httpx.Client(timeout=10) as client:
        for _try in range(tries):
            if server.poll() is not None:
                raise StoreError(
                    "Prefect's server did not start: is another one at work in the same PREFECT_HOME?"
                )
            with contextlib.suppress(httpx.TransportError):  # Not listening yet.
                if client.get(f"{api}/health").is_success:
                    return
            time.sleep(pause)
    raise StoreError(f"Prefect's server did not answer within {tries * pause:.0f} seconds")


def _serve(number: int, parent: int) -> None:
    die_with_parent(parent)
    import uvicorn

    config = uvicorn.Config("prefect.server.api.server:create_app", factory=True, log_level="error")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=number)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
