"""RDS and its kin: storage, backups and connections of databases, and where their passwords are."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.encryption.keys import CUSTOMER_KEY, asked_key, own_key
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    check_true,
    check_word,
    fail,
    rule,
    unknown,
)

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
CLUSTER_PARAMETER_GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
DOCUMENTS = "aws:docdb/cluster:Cluster"
GRAPH = "aws:neptune/cluster:Cluster"
WAREHOUSE = "aws:redshift/cluster:Cluster"
_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"


@rule(
    "EN-080",
    "database-storage-encrypted",
    pack="encryption",
    types=(INSTANCE, CLUSTER, DOCUMENTS, GRAPH, WAREHOUSE),
    severity="medium",
    rationale="Storage, snapshots and replicas are encrypted only where the database was, and that cannot be changed.",
    url=f"{_GUIDE}/Overview.Encryption.html",
    remediation="Set storage_encrypted=True (encrypted=True for Redshift).",
    controls=(
        "RDS.3",
        "CKV_AWS_16",
        "AwsSolutions-RDS2",
        "2.3.1",
        "rds-storage-encrypted",
        "aws-rds-instance-disallow-unencrypted-storage",
    ),
    criteria=("CONSULTING-08.5a",),
)
def storage(view: View) -> Outcome:
    return check_true(view, "encrypted" if view.type == WAREHOUSE else "storageEncrypted")


@rule(
    "EN-081",
    "database-has-customer-key",
    pack="encryption",
    types=(INSTANCE, CLUSTER, DOCUMENTS, GRAPH, WAREHOUSE),
    severity="high",
    rationale="A snapshot under the service's own key cannot be shared under control, nor its key be withdrawn.",
    url=f"{_GUIDE}/Overview.Encryption.Keys.html",
    remediation="Set kms_key_id to the ARN of a customer key.",
    controls=("aws-rds-instance-configure-customer-managed-key",),
    parameters=CUSTOMER_KEY,
)
def key(view: View) -> Outcome:
    return asked_key(view, "kmsKeyArn" if view.type == GRAPH else "kmsKeyId")


@rule(
    "EN-082",
    "database-forces-tls",
    pack="encryption",
    types=(INSTANCE, CLUSTER, PARAMETER_GROUP, CLUSTER_PARAMETER_GROUP),
    severity="medium",
    rationale="Unless its parameters force TLS, a database takes passwords and rows over connections in clear text.",
    url=f"{_GUIDE}/PostgreSQL.Concepts.General.SSL.html",
    remediation="Give the database a parameter group in which rds.force_ssl (MySQL, MariaDB: require_secure_transport) "
    "is 1.",
    scope="stack",
    controls=("CKV2_AWS_69",),
    criteria=("MOMENTUM-3.1.3",),
)
def forces_tls(view: View) -> Outcome:
    """A database must have a group of the stack's, which is judged where it is. Oracle and Db2 have no parameter."""
    if view.type in (PARAMETER_GROUP, CLUSTER_PARAMETER_GROUP):
        return _group(view)
    engine = view.get("engine")
    if isinstance(engine, str) and not any(_forcing(engine)):
        return NOT_APPLICABLE
    clustered = view.type == CLUSTER
    path = "dbClusterParameterGroupName" if clustered else "parameterGroupName"
    groups = view.of_type(CLUSTER_PARAMETER_GROUP if clustered else PARAMETER_GROUP)
    if any(view.refers_to(path, group) for group in groups):
        return PASS
    name = view.get(path)
    expected = "a parameter group of the stack that forces TLS"
    if name is UNKNOWN or (isinstance(name, str) and name and not name.startswith("default.")):
        return unknown(path, expected)
    return fail(path, "a default group" if name else "not set", expected)


def _forcing(family: str) -> tuple[str, ...]:
    """Return the names of the parameter that forces TLS in an engine or a family of parameters."""
    lowered = family.lower()
    if "postgres" in lowered or "sqlserver" in lowered:
        return ("rds.force_ssl",)
    return ("require_secure_transport",) if "mysql" in lowered or "mariadb" in lowered else ()


def _group(view: View) -> Outcome:
    family = view.get("family")
    if family is UNKNOWN:
        return unknown("family", "a family, and the parameter that forces TLS in it")
    names = _forcing(family) if isinstance(family, str) else ()
    # The instances of an Aurora cluster have groups too, but TLS is forced in the cluster's.
    if not names or (view.type == PARAMETER_GROUP and str(family).lower().startswith("aurora")):
        return NOT_APPLICABLE
    expected = f"{names[0]} is 1"
    parameters = view.items("parameters")
    if parameters is None:
        return unknown("parameters", expected)
    undecided = False
    for number, parameter in enumerate(parameters):
        if not isinstance(parameter, dict):
            undecided = undecided or parameter is UNKNOWN
            continue
        name, value = parameter.get("name"), parameter.get("value")
        undecided = undecided or name is UNKNOWN
        if not isinstance(name, str) or name.lower() not in names:
            continue
        path = f"parameters.{number}.value"
        if value is UNKNOWN:
            return unknown(path, "1")
        return PASS if str(value).lower() in ("1", "1.0", "on", "true") else fail(path, "another value", "1")
    return unknown("parameters", expected) if undecided else fail("parameters", f"no {names[0]}", expected)


@rule(
    "EN-083",
    "database-certificate-authority",
    pack="encryption",
    types=(INSTANCE, CLUSTER_INSTANCE, CLUSTER),
    severity="medium",
    rationale="Clients that verify the server need an authority that is still valid and signs with current keys.",
    url=f"{_GUIDE}/UsingWithRDS.SSL.html",
    remediation='Set ca_cert_identifier="rds-ca-rsa2048-g1" or another authority of that generation, or leave it out.',
    controls=("CKV_AWS_211",),
    parameters={"authorities": ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"]},
)
def authority(view: View) -> Outcome:
    """What RDS takes where none is named is one of the present generation."""
    path = "caCertificateIdentifier" if view.type == CLUSTER else "caCertIdentifier"
    allowed = view.parameters["authorities"]
    return check_word(view, path, allowed, default=allowed[0], known=("rds-ca-2015", "rds-ca-2019"))


@rule(
    "EN-084",
    "database-backup-replica-has-key",
    pack="encryption",
    types=("aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",),
    severity="medium",
    rationale="A key belongs to its region: the copies in the other one need a key there that somebody chose.",
    url=f"{_GUIDE}/USER_ReplicateBackups.html",
    remediation="Set kms_key_id to the ARN of a customer key in the destination region.",
    controls=("CKV_AWS_245",),
)
def backups(view: View) -> Outcome:
    return own_key(view, "kmsKeyId")


@rule(
    "EN-085",
    "database-password-not-in-state",
    pack="encryption",
    types=(INSTANCE, CLUSTER, DOCUMENTS, WAREHOUSE),
    severity="high",
    rationale="A password among the inputs is in the stack's state, and in the program where it is written out.",
    url=f"{_GUIDE}/rds-secrets-manager.html",
    remediation="Set manage_master_user_password=True (manage_master_password for Redshift), or give the write-only "
    "password.",
    criteria=("MOMENTUM-1.4.2", "CONSULTING-08.3"),
)
def password(view: View) -> Outcome:
    path = "password" if view.type == INSTANCE else "masterPassword"
    return fail(path, "set", "not set: a secret that RDS manages") if view.is_set(path) else PASS


@rule(
    "EN-086",
    "database-proxy-requires-tls",
    pack="encryption",
    types=("aws:rds/proxy:Proxy",),
    severity="medium",
    rationale="A proxy takes connections in clear text unless it is told not to.",
    url=f"{_GUIDE}/rds-proxy.howitworks.html",
    remediation="Set require_tls=True.",
)
def proxy(view: View) -> Outcome:
    return check_true(view, "requireTls")
