"""Where a stack lives: partition, region and account, and the ARNs that follow from them.

ARNs in policy documents are composed here from names, so that a policy document is known in a preview
(docs/decisions.md, "Known at preview"). A composed ARN carries no dependency: everywhere else use outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

# Where AWS keeps what belongs to CloudFront and other services of no region, whichever region a stack lives in.
GLOBAL_REGION = "us-east-1"
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_DNS_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """An AWS account and region. `account_id` has twelve digits."""

    account_id: str
    region: str

    @property
    def partition(self) -> str:
        """The part of AWS that the region lies in: aws, aws-cn or aws-us-gov."""
        return next((name for start, name in _PARTITIONS.items() if self.region.startswith(start)), "aws")

    def arn(self, service: str, resource: str) -> str:
        """Compose a regional ARN, for example `arn("dynamodb", "table/test-orders")`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def table_arn(self, table_name: str) -> str:
        return self.arn("dynamodb", f"table/{table_name}")

    def index_arn(self, table_name: str, index_name: str) -> str:
        return f"{self.table_arn(table_name)}/index/{index_name}"

    def function_arn(self, function_name: str, qualifier: str = "") -> str:
        return self.arn("lambda", f"function:{function_name}" + (f":{qualifier}" if qualifier else ""))

    def log_group_arn(self, log_group_name: str) -> str:
        return self.arn("logs", f"log-group:{log_group_name}")

    def queue_arn(self, queue_name: str) -> str:
        return self.arn("sqs", queue_name)

    def topic_arn(self, topic_name: str) -> str:
        return self.arn("sns", topic_name)

    def state_machine_arn(self, state_machine_name: str) -> str:
        return self.arn("states", f"stateMachine:{state_machine_name}")

    def role_arn(self, role_name: str) -> str:
        """Compose a role's ARN: IAM is global, and its ARNs have no region."""
        return f"arn:{self.partition}:iam::{self.account_id}:role/{role_name}"

    def root_arn(self) -> str:
        """Compose the ARN that stands for the whole account in a resource policy."""
        return f"arn:{self.partition}:iam::{self.account_id}:root"

    def bucket_arn(self, bucket_name: str) -> str:
        """Compose a bucket's ARN. Bucket names are global, and their ARNs name neither region nor account."""
        return f"arn:{self.partition}:s3:::{bucket_name}"

    def event_bus_arn(self, bus_name: str) -> str:
        return self.arn("events", f"event-bus/{bus_name}")

    def parameter_arn(self, parameter_name: str) -> str:
        """Compose the ARN of a parameter of Parameter Store, whose name begins with a slash."""
        return self.arn("ssm", f"parameter{parameter_name}")

    def budgets_arn(self) -> str:
        """Compose what stands for all budgets of the account as the source of a message; Budgets is in no region."""
        return f"arn:{self.partition}:budgets::{self.account_id}:*"

    def series_arn(self, database: str, table: str) -> str:
        """Compose the ARN of a Timestream table."""
        return self.arn("timestream", f"database/{database}/table/{table}")

    def replication_group_arn(self, group_id: str) -> str:
        return self.arn("elasticache", f"replicationgroup:{group_id}")

    def secret_arn(self, secret_name: str) -> str:
        """Compose a secret's ARN. Secrets Manager appends a hyphen and six characters that only it knows."""
        return self.arn("secretsmanager", f"secret:{secret_name}-??????")

    def repository_arn(self, repository_name: str) -> str:
        return self.arn("ecr", f"repository/{repository_name}")

    def registry(self) -> str:
        """Return the host name of the account's registry of container images."""
        return f"{self.account_id}.dkr.{self.service_host('ecr')}"

    def queue_url(self, queue_name: str) -> str:
        """Compose a queue's address, for documents that must be known at preview."""
        return f"{self.endpoint('sqs')}/{self.account_id}/{queue_name}"

    def keys_arn(self) -> str:
        """Compose the ARN of all keys of the account and region: key ids are unknown before the deployment."""
        return self.arn("kms", "key/*")

    def endpoint(self, service: str) -> str:
        """Return the URL of a service's regional endpoint."""
        return f"https://{service}.{self.region}.{_DNS_SUFFIXES[self.partition]}"

    def endpoint_service(self, service: str) -> str:
        """Return the name by which VPC endpoints know a service of the region."""
        prefix = "cn.com.amazonaws" if self.partition == "aws-cn" else "com.amazonaws"
        return f"{prefix}.{self.region}.{service}"

    def service_host(self, service: str) -> str:
        """Return the regional host name by which KMS knows a calling service (`kms:ViaService`)."""
        return f"{service}.{self.region}.{_DNS_SUFFIXES[self.partition]}"
