"""Fixtures of policies/rules/encryption/databases.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

OWN = "arn:aws:kms:eu-west-1:111122223333:key/1234"
GROUP = made(
    "aws:rds/parameterGroup:ParameterGroup",
    "group",
    name="test-postgres",
    family="postgres16",
    parameters=[{"name": "log_statement", "value": "ddl"}, {"name": "rds.force_ssl", "value": "1"}],
)
CLUSTER_GROUP = made(
    "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "group",
    family="aurora-mysql8.0",
    parameters=[{"name": "require_secure_transport", "value": "ON"}],
)
DATABASE = made(
    "aws:rds/instance:Instance",
    refers={"parameterGroupName": GROUP},
    engine="postgres",
    engineVersion="16",
    storageEncrypted=True,
    kmsKeyId=OWN,
    manageMasterUserPassword=True,
    caCertIdentifier="rds-ca-rsa2048-g1",
)
CLUSTER = made(
    "aws:rds/cluster:Cluster",
    refers={"dbClusterParameterGroupName": CLUSTER_GROUP},
    engine="aurora-mysql",
    storageEncrypted=True,
    kmsKeyId=OWN,
)
GRAPH = made("aws:neptune/cluster:Cluster", storageEncrypted=True, kmsKeyArn=OWN)
WAREHOUSE = made("aws:redshift/cluster:Cluster", encrypted="true", kmsKeyId=OWN)
BACKUPS = made(
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
    sourceDbInstanceArn=UNKNOWN,
    kmsKeyId=UNKNOWN,
)
PROXY = made("aws:rds/proxy:Proxy", engineFamily="POSTGRESQL", requireTls=True)
VALUE = "parameters.1.value"
NAME = "parameterGroupName"
CA = "caCertIdentifier"

CASES = [
    Cases(
        rule="database-storage-encrypted",
        good={
            "instance": [DATABASE],
            "cluster": [CLUSTER],
            "documents": [made("aws:docdb/cluster:Cluster", storageEncrypted="true")],
            "graph": [GRAPH],
            "warehouse": [WAREHOUSE],
        },
        bad={
            "off": ([changed(DATABASE, {"storageEncrypted": False})], ("storageEncrypted",)),
            "not set": ([changed(DATABASE, {"storageEncrypted": GONE})], ("storageEncrypted",)),
            "cluster": ([changed(CLUSTER, {"storageEncrypted": None})], ("storageEncrypted",)),
            "warehouse": ([changed(WAREHOUSE, {"encrypted": "false"})], ("encrypted",)),
        },
        unknown={"encrypted": ([changed(DATABASE, {"storageEncrypted": UNKNOWN})], ("storageEncrypted",))},
        always=True,
    ),
    Cases(
        rule="database-has-customer-key",
        good={
            "instance": [DATABASE],
            "unknown": [changed(DATABASE, {"kmsKeyId": UNKNOWN})],
            "graph": [GRAPH],
            "warehouse": [WAREHOUSE],
        },
        bad={
            "not set": ([changed(DATABASE, {"kmsKeyId": GONE})], ("kmsKeyId",)),
            "service's own": (
                [changed(DATABASE, {"kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:alias/aws/rds"})],
                ("kmsKeyId",),
            ),
            "no key": ([changed(DATABASE, {"kmsKeyId": "arn:aws:s3:::test-files"})], ("kmsKeyId",)),
            "graph": ([changed(GRAPH, {"kmsKeyArn": ""})], ("kmsKeyArn",)),
        },
        never_unknown="a key that only AWS can decide is set",
        always=True,
    ),
    Cases(
        rule="database-forces-tls",
        good={
            "instance": [DATABASE, GROUP],
            "by name": [changed(DATABASE, {NAME: "test-postgres"}), GROUP],
            "cluster": [CLUSTER, CLUSTER_GROUP],
            "group": [GROUP],
            "group as number": [changed(GROUP, {VALUE: 1})],
            "group of MySQL": [changed(GROUP, {"family": "mysql8.4", "parameters.1.name": "require_secure_transport"})],
            "group of a cluster": [CLUSTER_GROUP],
            "one, no list": [changed(GROUP, {"parameters": {"name": "RDS.force_ssl", "value": "1"}})],
        },
        bad={
            "no group": ([changed(DATABASE, {NAME: GONE}), GROUP], (NAME,)),
            "default group": ([changed(DATABASE, {NAME: "default.postgres16"}), GROUP], (NAME,)),
            "cluster without": (
                [changed(CLUSTER, {"dbClusterParameterGroupName": None})],
                ("dbClusterParameterGroupName",),
            ),
            "off": ([changed(GROUP, {VALUE: "0"})], (VALUE,)),
            "no value": ([changed(GROUP, {VALUE: None})], (VALUE,)),
            "parameter missing": ([changed(GROUP, {"parameters": GROUP.inputs["parameters"][:1]})], ("parameters",)),
            "no parameters": ([changed(GROUP, {"parameters": GONE})], ("parameters",)),
            "parameter of another engine": ([changed(GROUP, {"family": "mariadb11.4"})], ("parameters",)),
            "cluster's off": ([changed(CLUSTER_GROUP, {"parameters.0.value": "OFF"})], ("parameters.0.value",)),
        },
        unknown={
            "group": ([changed(DATABASE, {NAME: "elsewhere"}), GROUP], (NAME,)),
            "parameters": ([changed(GROUP, {"parameters": UNKNOWN})], ("parameters",)),
            "value": ([changed(GROUP, {VALUE: UNKNOWN})], (VALUE,)),
            "name": ([changed(GROUP, {"parameters.1.name": UNKNOWN})], ("parameters",)),
            "one": ([changed(GROUP, {"parameters.1": UNKNOWN})], ("parameters",)),
            "family": ([changed(GROUP, {"family": UNKNOWN})], ("family",)),
        },
        skipped={
            "Oracle": [changed(DATABASE, {"engine": "oracle-ee"}), GROUP],
            "group of Oracle": [changed(GROUP, {"family": "oracle-ee-19"})],
            "group of a cluster's instances": [changed(GROUP, {"family": "aurora-postgresql16"})],
        },
    ),
    Cases(
        rule="database-certificate-authority",
        good={
            "named": [DATABASE],
            "present default": [changed(DATABASE, {CA: GONE})],
            "of a cluster's instance": [
                made("aws:rds/clusterInstance:ClusterInstance", caCertIdentifier="rds-ca-ecc384-g1")
            ],
            "cluster": [changed(CLUSTER, {"caCertificateIdentifier": "rds-ca-rsa4096-g1"})],
        },
        bad={
            "2019": ([changed(DATABASE, {CA: "rds-ca-2019"})], (CA,)),
            "2015": ([changed(DATABASE, {CA: "rds-ca-2015"})], (CA,)),
            "cluster": (
                [changed(CLUSTER, {"caCertificateIdentifier": "rds-ca-2019"})],
                ("caCertificateIdentifier",),
            ),
        },
        unknown={"authority": ([changed(DATABASE, {CA: UNKNOWN})], (CA,))},
        always=True,
    ),
    Cases(
        rule="database-backup-replica-has-key",
        good={"unknown": [BACKUPS], "known": [changed(BACKUPS, {"kmsKeyId": OWN})]},
        bad={
            "not set": ([changed(BACKUPS, {"kmsKeyId": GONE})], ("kmsKeyId",)),
            "service's own": ([changed(BACKUPS, {"kmsKeyId": "alias/aws/rds"})], ("kmsKeyId",)),
        },
        never_unknown="a key that only AWS can decide is set",
        always=True,
    ),
    Cases(
        rule="database-password-not-in-state",
        good={
            "managed": [DATABASE],
            "write-only": [changed(DATABASE, {"passwordWo": "x", "passwordWoVersion": 1})],
            "empty": [changed(DATABASE, {"password": ""})],
            "cluster": [CLUSTER],
        },
        bad={
            "written out": ([changed(DATABASE, {"password": "hunter2"})], ("password",)),
            "generated": ([changed(DATABASE, {"password": UNKNOWN})], ("password",)),
            "cluster": ([changed(CLUSTER, {"masterPassword": "hunter2"})], ("masterPassword",)),
            "warehouse": ([changed(WAREHOUSE, {"masterPassword": "hunter2"})], ("masterPassword",)),
        },
        never_unknown="a password that is not known yet is in the state as well",
        always=True,
    ),
    Cases(
        rule="database-proxy-requires-tls",
        good={"required": [PROXY], "text": [changed(PROXY, {"requireTls": "true"})]},
        bad={
            "off": ([changed(PROXY, {"requireTls": False})], ("requireTls",)),
            "not set": ([changed(PROXY, {"requireTls": GONE})], ("requireTls",)),
        },
        unknown={"required": ([changed(PROXY, {"requireTls": UNKNOWN})], ("requireTls",))},
        always=True,
    ),
]
