"""ECR repositories and their policies in the sandbox. moto deletes no image by a lifecycle policy."""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:ecr/repository:Repository")
def repository(context: Context, inputs: Inputs) -> Created:
    encryption = (inputs.get("encryptionConfigurations") or [None])[0]
    scanning = inputs.get("imageScanningConfiguration")
    filters = inputs.get("imageTagMutabilityExclusionFilters")
    made = context.client("ecr", inputs).create_repository(
        repositoryName=inputs["name"],
        tags=tag_list(inputs),
        **given(
            imageTagMutability=inputs.get("imageTagMutability"),
            imageTagMutabilityExclusionFilters=filters
            and [{"filterType": row["filterType"], "filter": row["filter"]} for row in filters],
            imageScanningConfiguration=scanning and {"scanOnPush": scanning["scanOnPush"]},
            encryptionConfiguration=encryption
            and given(encryptionType=encryption.get("encryptionType", "AES256"), kmsKey=encryption.get("kmsKey")),
        ),
    )["repository"]
    outputs = {
        "arn": made["repositoryArn"],
        "registryId": made["registryId"],
        "repositoryUrl": made["repositoryUri"],
    }
    return inputs["name"], outputs


@adapter("aws:ecr/lifecyclePolicy:LifecyclePolicy")
def lifecycle_policy(context: Context, inputs: Inputs) -> Created:
    made = context.client("ecr", inputs).put_lifecycle_policy(
        repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
    )
    return inputs["repository"], {"registryId": made["registryId"]}


@adapter("aws:ecr/repositoryPolicy:RepositoryPolicy")
def repository_policy(context: Context, inputs: Inputs) -> Created:
    made = context.client("ecr", inputs).set_repository_policy(
        repositoryName=inputs["repository"], policyText=inputs["policy"]
    )
    return inputs["repository"], {"registryId": made["registryId"]}
