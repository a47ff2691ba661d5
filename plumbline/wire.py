"""Turns the engine's wire values (protobuf structs) into the graph's plain values and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from plumbline.graph import UNKNOWN, Blob, Secret

SIGNATURE = rpc._special_sig_key
SECRET = rpc._special_secret_sig
ASSET = rpc._special_asset_sig
ARCHIVE = rpc._special_archive_sig
RESOURCE = rpc._special_resource_sig
OUTPUT = rpc._special_output_value_sig
UNKNOWN_TEXT = rpc.UNKNOWN


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return the properties of a registration request: numbers without fraction as int, unknowns as UNKNOWN."""
    # A protobuf map has no order; sorted, the same program gives the same document.
    return {key: from_value(struct.fields[key]) for key in sorted(struct.fields)}


def from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return special({key: from_value(item) for key, item in fields.items()})
        return {key: from_value(fields[key]) for key in sorted(fields)}
    return None


def special(value: Mapping[str, Any]) -> Any:
    """Return what a signed object stands for: a secret, an asset, an archive, a resource, an output."""
    signature = value[SIGNATURE]
    if signature == SECRET:
        return Secret(value.get("value"))
    if signature in (ASSET, ARCHIVE):
        return Blob(digest(value), "asset" if signature == ASSET else "archive", dict(value))
    if signature == RESOURCE:
        identity = value.get("id")
        # A custom resource without id is one that is not made yet.
        return UNKNOWN if identity in (UNKNOWN, "") else identity or value.get("urn")
    if signature == OUTPUT:
        inner = value.get("value", UNKNOWN)
        return Secret(inner) if value.get("secret") else inner
    return {key: item for key, item in value.items() if key != SIGNATURE}


def digest(value: Any) -> str:
    """Return the SHA-256 of the content behind an asset or archive on the wire.

    The content counts, not the path: a file that moves is the same file. Where the document carries the
    engine's own hash and no content is at hand, that hash is returned.
    """
    if isinstance(value, Blob):
        return value.digest
    if value.get("hash"):
        return value["hash"]
    hasher = hashlib.sha256()
    if "text" in value:
        hasher.update(value["text"].encode())
    elif "path" in value:
        root = Path(value["path"])
        files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
        for file in files:
            hasher.update(f"{file.relative_to(root).as_posix()}\0".encode())
            hasher.update(hashlib.sha256(file.read_bytes()).digest())
    elif "assets" in value:
        for key in sorted(value["assets"]):
            hasher.update(f"{key}\0{digest(value['assets'][key])}\0".encode())
    else:
        hasher.update(str(value.get("uri", "")).encode())
    return hasher.hexdigest()


def to_value(value: Any) -> struct_pb2.Value:
    """Return a plain value as the engine sends it; secrets keep their mark, unknowns their sentinel."""
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Secret):
        return to_value({SIGNATURE: SECRET, "value": value.value})
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(value))
    if isinstance(value, list | tuple):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_value(item) for item in value]))
    raise TypeError(f"{type(value).__name__} has no wire form")


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in properties.items()})
