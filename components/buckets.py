"""S3 buckets: versions, encryption, no public access, TLS only, lifecycle, access logs (requirement 05)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.keys import CustomerKey
from components.naming import Naming
from components.resource_policies import (
    PolicyStatement,
    accept_access_logs,
    accept_delivered_logs,
    admit_readers,
    only_roles,
    policy_text,
    require_tls,
)
from components.roles import Grant, Role

StorageClass = Literal["STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A move of objects to a cheaper storage class, so many days after they were written."""

    days: int
    storage_class: StorageClass


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """What becomes of objects with age.

    `expire_days` None keeps current versions for ever. Versions that were replaced or deleted go after
    `noncurrent_days`, parts of uploads that nobody finished after a week. `prefix_days` says after how many days
    current versions below a prefix, such as "plans/", expire as well.
    """

    expire_days: int | None
    noncurrent_days: int
    transitions: tuple[Transition, ...] = ()
    prefix_days: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class BucketSpec:
    """One bucket.

    `physical_name` replaces the name that follows from the logical one, where AWS prescribes its beginning.
    `receives` says which log service writes into it: "access_logs" of S3 or "delivered_logs" of AWS WAF. Such a bucket
    is encrypted with S3's own key, since log delivery takes no other. `customer_key` None means S3's own key too.
    `readers` are services that read objects by themselves, such as "cloudfront.amazonaws.com", each with the ARN
    pattern of what may read through it. `only_roles`, where given, are the names of the only roles of the account that
    may touch objects, `after` those of them that the stack makes.
    """

    lifecycle: Lifecycle
    physical_name: str | None = None
    receives: Literal["access_logs", "delivered_logs"] | None = None
    customer_key: CustomerKey | None = None
    readers: Mapping[str, str] = field(default_factory=dict, hash=False)
    only_roles: tuple[str, ...] = ()
    after: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BucketsArgs:
    """The buckets of one stack, by logical name. `access_log_bucket` is the one that gets the others' access logs."""

    account: Account
    naming: Naming
    buckets: Mapping[str, BucketSpec]
    access_log_bucket: str


class Bucket:
    """One bucket and the edges that can lead to it. `resource` is the aws.s3.Bucket, `policy` its bucket policy."""

    def __init__(
        self, name: str, physical_name: str, spec: BucketSpec, account: Account, resource: aws.s3.Bucket
    ) -> None:
        self.name = name
        self.physical_name = physical_name
        self.spec = spec
        self.resource = resource
        self._account = account

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.resource.arn

    def grant_read(self, role: Role, *prefixes: str) -> Grant:
        """Let a role read objects, those below the prefixes where any are given, and list all keys."""
        return self._grant(role, grants.read_objects(self._account, self.physical_name, prefixes), produce=False)

    def grant_write(self, role: Role, *prefixes: str) -> Grant:
        """Let a role put objects, below the prefixes where any are given."""
        return self._grant(role, grants.write_objects(self._account, self.physical_name, prefixes), produce=True)

    def grant_delete(self, role: Role, *prefixes: str) -> Grant:
        """Let a role delete objects below the prefixes: their versions stay as long as the lifecycle keeps them."""
        return self._grant(role, grants.delete_objects(self._account, self.physical_name, prefixes), produce=False)

    def grant_export(self, role: Role, *prefixes: str) -> Grant:
        """Let a role have a table exported into the bucket, below the prefixes where any are given."""
        return self._grant(role, grants.hold_export(self._account, self.physical_name, prefixes), produce=True)

    def _grant(self, role: Role, statements: tuple[grants.Statement, ...], *, produce: bool) -> Grant:
        key = self.spec.customer_key
        use = grants.decrypt(self._account, key.alias, via="s3", produce=produce) if key is not None else ()
        return role.allow(f"bucket-{self.name}", (*statements, *use))


class Buckets(pulumi.ComponentResource):
    """Private, versioned, encrypted buckets that take requests over TLS 1.2 or later only.

    `buckets` holds them by logical name, `policies` their bucket policies.
    """

    def __init__(self, name: str, args: BucketsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Buckets", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.buckets: Mapping[str, Bucket] = {bucket: self._bucket(bucket) for bucket in args.buckets}
        self.policies: Mapping[str, aws.s3.BucketPolicy] = {
            bucket: self._policy(handle) for bucket, handle in self.buckets.items()
        }
        log = args.access_log_bucket
        for bucket, handle in self.buckets.items():
            self._settings(handle)
            if bucket != log:
                self._access_log(handle, self.buckets[log], self.policies[log])
        self.register_outputs({"arns": {bucket: handle.arn for bucket, handle in self.buckets.items()}})

    def _bucket(self, bucket: str) -> Bucket:
        spec = self._args.buckets[bucket]
        physical_name = spec.physical_name or bucket_name(self._args.naming, self._args.account, bucket)
        # A permission by alias holds only once the alias exists.
        needs = list(spec.customer_key.needs) if spec.customer_key else None
        opts = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=needs))
        resource = aws.s3.Bucket(f"{self._prefix}-{bucket}", bucket=physical_name, opts=opts)
        return Bucket(bucket, physical_name, spec, self._args.account, resource)

    def _policy(self, bucket: Bucket) -> aws.s3.BucketPolicy:
        account, arn = self._args.account, self._args.account.bucket_arn(bucket.physical_name)
        statements: tuple[PolicyStatement, ...] = require_tls(arn)
        if bucket.spec.receives == "access_logs":
            statements += accept_access_logs(account, arn)
        if bucket.spec.receives == "delivered_logs":
            statements += accept_delivered_logs(account, arn)
        statements += admit_readers(arn, bucket.spec.readers)
        if bucket.spec.only_roles:
            statements += only_roles(account, arn, bucket.spec.only_roles)
        return aws.s3.BucketPolicy(
            f"{self._prefix}-{bucket.name}-policy",
            bucket=bucket.resource.id,
            policy=policy_text(statements),
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=list(bucket.spec.after))),
        )

    def _settings(self, bucket: Bucket) -> None:
        prefix, bucket_id, opts = f"{self._prefix}-{bucket.name}", bucket.resource.id, self._child
        aws.s3.BucketPublicAccessBlock(
            f"{prefix}-public-access",
            bucket=bucket_id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=opts,
        )
        # ACLs off: every object belongs to the account, whoever wrote it.
        aws.s3.BucketOwnershipControls(
            f"{prefix}-ownership", bucket=bucket_id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
        )
        versioning = aws.s3.BucketVersioning(
            f"{prefix}-versioning", bucket=bucket_id, versioning_configuration={"status": "Enabled"}, opts=opts
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{prefix}-encryption", bucket=bucket_id, rules=[_encryption(bucket.spec.customer_key)], opts=opts
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{prefix}-lifecycle",
            bucket=bucket_id,
            rules=_rules(bucket.spec.lifecycle),
            # Rules about noncurrent versions mean nothing before there are any.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[versioning])),
        )

    def _access_log(self, bucket: Bucket, log: Bucket, policy: aws.s3.BucketPolicy) -> None:
        aws.s3.BucketLogging(
            f"{self._prefix}-{bucket.name}-access-log",
            bucket=bucket.resource.id,
            target_bucket=log.resource.id,
            target_prefix=f"{bucket.name}/",
            # Without the policy S3 cannot deliver, and says so at once.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[policy])),
        )


def bucket_name(naming: Naming, account: Account, bucket: str) -> str:
    """Return the physical name: environment first, account last, since bucket names are global (TRADING-05.8)."""
    return naming.exact("bucket", f"{bucket}-{account.account_id}")


def _encryption(key: CustomerKey | None) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if key is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
        "bucket_key_enabled": True,  # one call to KMS per bucket and hour instead of one per object
    }


def _rules(lifecycle: Lifecycle) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "age",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": lifecycle.noncurrent_days},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
    }
    if lifecycle.transitions:
        rule["transitions"] = [{"days": t.days, "storage_class": t.storage_class} for t in lifecycle.transitions]
    if lifecycle.expire_days is not None:
        rule["expiration"] = {"days": lifecycle.expire_days}
    below: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": f"age-{prefix.strip('/').replace('/', '-')}",
            "status": "Enabled",
            "filter": {"prefix": prefix},
            "expiration": {"days": days},
        }
        for prefix, days in lifecycle.prefix_days.items()
    ]
    return [rule, *below]
