"""The process of the embedded model server: llama.cpp's own HTTP server, which all workers of this machine share."""

from __future__ import annotations

import argparse
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from embodied.backends.llama_room import Address, Room, ServerSpec

POLL_S: Final = 0.5
HTTP_THREADS: Final = 128


def parameters(spec: ServerSpec, api_key: str) -> Any:
    """Parameters of the engine: loopback only, a key, no page, no tools, and no silent cut of a long prompt."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(spec.model)
    params.n_ctx = spec.n_ctx * spec.slots
    params.n_parallel = spec.slots
    params.cpuparams.n_threads = spec.threads
    params.cpuparams_batch.n_threads = spec.threads
    params.n_gpu_layers = spec.gpu_layers
    if spec.mmproj is not None:
        params.mmproj.path = str(spec.mmproj)
    if spec.chat_template is not None:
        params.chat_template = spec.chat_template.read_text("utf-8")
    params.use_jinja = True
    params.n_threads_http = HTTP_THREADS
    params.cache_ram_mib = 0
    params.hostnames = ["127.0.0.1"]
    params.api_keys = [api_key]
    params.ctx_shift = False
    params.fit_params = False
    params.endpoint_slots = False
    params.ui = False
    params.verbosity = 2
    return params


def serve(room: Room, spec: ServerSpec, linger_s: float) -> None:
    """Serve until nobody has used the room for `linger_s`, or another server has taken it over."""
    import xllamacpp

    api_key = secrets.token_urlsafe(24)
    server = xllamacpp.Server(parameters(spec, api_key))
    address = Address(
        url=server.listening_address, api_key=api_key, pid=os.getpid(), started_s=psutil.Process().create_time()
    )
    room.publish(address)
    used_s = time.monotonic()
    while room.address() == address:
        time.sleep(POLL_S)
        if room.has_users():
            used_s = time.monotonic()
        elif time.monotonic() - used_s >= linger_s and room.retire():
            break
    del server


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the server process."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("spec", type=ServerSpec.model_validate_json)
    parser.add_argument("linger_s", type=float)
    options = parser.parse_args(arguments)
    serve(Room(options.folder), options.spec, options.linger_s)


if __name__ == "__main__":
    main()
