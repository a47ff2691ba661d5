"""Calls the code of functions in the sandbox, in this process.

It stands in for the Python runtime: package and layers on the path, the function's variables as the environment, and
the handler's result or error as Lambda reports it. AWS: "Define Lambda function handler in Python".
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from moto.awslambda.utils import get_backend

from plumbline.sandbox.adapters import Context

# What a function sees of this process: how to find programs, how to write texts, and moto's own settings.
_KEPT = ("LANG", "LC_ALL", "PATH", "TZ")
_KEPT_PREFIX = "MOTO_"


class FunctionFailed(Exception):
    """What Lambda reports of a function that failed: the type of its error and the message."""

    def __init__(self, type: str, message: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(f"{type}: {message}")
        self.type = type
        self.message = message
        self.log = log


class InvocationContext:
    """The second argument of a handler."""

    def __init__(self, function: Any, request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = function.function_name
        self.function_version = str(function.version)
        self.invoked_function_arn = function.function_arn
        self.log_group_name = f"/aws/lambda/{function.function_name}"
        self.memory_limit_in_mb = str(function.memory_size)
        self._milliseconds = function.timeout * 1000

    def get_remaining_time_in_millis(self) -> int:
        """Return the function's whole time: none passes in the sandbox."""
        return self._milliseconds


class Code:
    """The code of the functions of one sandbox, each loaded at its first call and kept, as warm functions are."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._directory = tempfile.TemporaryDirectory()
        self._loaded: dict[tuple[str, str, str], _Loaded] = {}
        self._calls = 0

    def call(self, function: Any, event: Any) -> tuple[Any, tuple[str, ...]]:
        """Call a function that moto holds; return its result and the lines that it printed.

        Raises FunctionFailed for whatever goes wrong inside of it. Not thread-safe.
        """
        self._calls += 1
        context = InvocationContext(function, f"call-{self._calls}")
        printed = io.StringIO()
        with self._environment(function), contextlib.redirect_stdout(printed):
            try:
                loaded = self._load(function)
                with loaded.importable():
                    result = loaded.handler(event, context)
            except FunctionFailed:
                raise
            except Exception as error:
                raise FunctionFailed(type(error).__name__, str(error), _lines(printed)) from error
        try:
            return json.loads(json.dumps(result)), _lines(printed)
        except (TypeError, ValueError) as error:
            message = f"Unable to marshal response: {error}"
            raise FunctionFailed("Runtime.MarshalError", message, _lines(printed)) from None

    def _load(self, function: Any) -> _Loaded:
        key = (function.function_arn, str(function.version), function.code_sha_256)
        if key not in self._loaded:
            root = Path(self._directory.name) / str(len(self._loaded))
            task = _unpacked(function.code_bytes, root / "task")
            backend = get_backend(self._context.account_id, self._context.region)
            paths = [task]
            for number, layer in enumerate(function.layers):
                version: Any = backend.layers_versions_by_arn(layer["Arn"])
                paths.append(_unpacked(version.code_bytes, root / f"layer-{number}") / "python")
            self._loaded[key] = _Loaded(function.handler, paths)
        return self._loaded[key]

    @contextlib.contextmanager
    def _environment(self, function: Any) -> Iterator[None]:
        """Give the process the function's variables, and take its own away, until the end of the call."""
        region = self._context.region
        wanted = {
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            **(function.environment_vars or {}),
        }
        before = dict(os.environ)
        # moto's other threads read the environment meanwhile, so nothing that stays is taken away even for a moment.
        for name in before:
            if name not in wanted and name not in _KEPT and not name.startswith(_KEPT_PREFIX):
                del os.environ[name]
        os.environ.update(wanted)
        try:
            yield
        finally:
            os.environ.update(before)
            for name in os.environ.keys() - before.keys():
                del os.environ[name]


class _Loaded:
    """A function's modules, which this process can import during its calls only."""

    def __init__(self, handler: str, paths: list[Path]) -> None:
        self._paths = [str(path) for path in paths]
        self._own = {entry.stem for path in paths if path.is_dir() for entry in path.iterdir()}
        self._modules: dict[str, ModuleType] = {}
        module, _, name = handler.rpartition(".")
        # The paths were written a moment ago; they do not change afterwards.
        importlib.invalidate_caches()
        with self.importable():
            try:
                found = importlib.import_module(module.replace("/", "."))
            except Exception as error:
                message = f"Unable to import module '{module}': {error}"
                raise FunctionFailed("Runtime.ImportModuleError", message) from error
        if not hasattr(found, name):
            raise FunctionFailed("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
        self.handler: Callable[[Any, Any], Any] = getattr(found, name)

    @contextlib.contextmanager
    def importable(self) -> Iterator[None]:
        """Put the function's paths and modules in front of those of this process."""
        path, written = list(sys.path), sys.dont_write_bytecode
        others = self._taken()
        sys.path[:0] = self._paths
        sys.dont_write_bytecode = True
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            self._modules = self._taken()
            sys.path[:] = path
            sys.dont_write_bytecode = written
            sys.modules.update(others)

    def _taken(self) -> dict[str, ModuleType]:
        """Take the modules out of the process that have a name of the function's own."""
        if not any(name in sys.modules for name in self._own):
            return {}  # to look at the names of all modules takes longer than most calls
        names = [name for name in sys.modules if name.partition(".")[0] in self._own]
        return {name: sys.modules.pop(name) for name in names}


def _unpacked(code: bytes, directory: Path) -> Path:
    directory.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(code)) as file:
        file.extractall(directory)
    return directory


def _lines(printed: io.StringIO) -> tuple[str, ...]:
    return tuple(printed.getvalue().splitlines())
