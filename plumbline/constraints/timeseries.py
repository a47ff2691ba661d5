"""Timestream for LiveAnalytics: databases and tables (CreateDatabase, CreateTable, "Quotas").

Retention and characters of names are in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.constraints.networks import earlier, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph

DATABASE = "aws:timestreamwrite/database:Database"
TABLE = "aws:timestreamwrite/table:Table"
_NAME = {DATABASE: "databaseName", TABLE: "tableName"}
_SHORTEST, _LONGEST = 3, 64  # the provider takes no more, Timestream would take 256
_REGIONS = [
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "us-gov-west-1",
    "eu-west-1",
    "eu-central-1",
    "ap-south-1",
    "ap-southeast-2",
    "ap-northeast-1",
]


@for_types(*_NAME)
def name(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A name has 3 to 64 characters and is that of one thing."""
    property_ = _NAME[resource.type]
    given, place = resource.get(property_), _place(resource)
    if isinstance(given, str) and not _SHORTEST <= len(given) <= _LONGEST:
        yield property_, f"{len(given)} characters given; allowed: {_SHORTEST} to {_LONGEST}"
    for other in earlier(resource, graph) if isinstance(given, str) and UNKNOWN not in place else ():
        if other.get(property_) == given and _place(other) == place:
            yield property_, f"{given!r} is the name of {other.display} too"


def _place(resource: Resource) -> tuple[object, ...]:
    database = resource.get("databaseName") if resource.type == TABLE else None
    return (database, resource.get("region"), resource.options.provider)


@for_types(DATABASE)
def region(database: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Timestream for LiveAnalytics is in few regions."""
    given = region_of(database, graph)
    if given is not None and given not in _REGIONS:
        yield "region", f"{given!r} given; allowed: {', '.join(_REGIONS)}"


@for_types(TABLE)
def rejected(table: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Reports of rejected records go to a bucket that is named, where the magnetic store is written to at all."""
    place = "magneticStoreWriteProperties"
    enabled, location = (
        table.get(f"{place}.{part}") for part in ("enableMagneticStoreWrites", "magneticStoreRejectedDataLocation")
    )
    if location is not None and enabled in (None, False):
        yield f"{place}.enableMagneticStoreWrites", "false given; a place for rejected records needs true"
    bucket = table.get(f"{place}.magneticStoreRejectedDataLocation.s3Configuration.bucketName")
    if location is not None and bucket is None:
        yield f"{place}.magneticStoreRejectedDataLocation", "no bucket named in s3Configuration"
    option, key = (
        table.get(f"{place}.magneticStoreRejectedDataLocation.s3Configuration.{part}")
        for part in ("encryptionOption", "kmsKeyId")
    )
    if key is not None and isinstance(option, str) and option != "SSE_KMS":
        yield f"{place}.magneticStoreRejectedDataLocation.s3Configuration.kmsKeyId", f"given, but {option} takes none"


@for_types(TABLE)
def partition(table: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A partition key by a dimension names it, and one by the measure does not."""
    place = "schema.compositePartitionKey"
    type_, named, enforced = (table.get(f"{place}.{part}") for part in ("type", "name", "enforcementInRecord"))
    if type_ == "DIMENSION" and named is None:
        yield f"{place}.name", "missing; a key of type DIMENSION needs it"
    if type_ == "MEASURE" and (named is not None or enforced is not None):
        yield f"{place}.type", "MEASURE given, which takes no name and no enforcementInRecord"
