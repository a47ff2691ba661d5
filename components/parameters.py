"""Secrets in Parameter Store under AWS's own key, which cost nothing (SSM SecureString, tier Standard)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.roles import Grant, Role

_AWS_KEY = "alias/aws/ssm"
# Parameter Store takes no empty value. What a person puts in its place never comes back into the program or its state.
UNSET = "unset"


@dataclass(frozen=True, kw_only=True)
class ParametersArgs:
    """The parameters of one stack: descriptions by the last part of the name, all below `path`, such as "/app/dev"."""

    account: Account
    path: str
    parameters: Mapping[str, str]


class Parameters(pulumi.ComponentResource):
    """SecureString parameters whose values an operator puts in. `parameters` holds the resources by logical name."""

    def __init__(self, name: str, args: ParametersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Parameters", name, None, opts)
        self._args = args
        self.parameters: Mapping[str, aws.ssm.Parameter] = {
            parameter: aws.ssm.Parameter(
                f"{name}-{parameter}",
                name=self.physical_name(parameter),
                description=description,
                type="SecureString",
                tier="Standard",
                key_id=_AWS_KEY,
                value=UNSET,
                # The value is the operator's: neither an `up` nor a refresh may see it or set it back.
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=["value"]),
            )
            for parameter, description in args.parameters.items()
        }
        self.register_outputs({"names": [self.physical_name(parameter) for parameter in args.parameters]})

    def physical_name(self, parameter: str) -> str:
        """Return the whole name of a parameter."""
        return f"{self._args.path}/{parameter}"

    def physical_names(self, parameters: Sequence[str]) -> list[str]:
        """Return the whole names of some of the parameters."""
        return [self.physical_name(parameter) for parameter in parameters]

    def grant_read(self, role: Role, parameters: Sequence[str]) -> Grant:
        """Let a role read some of the parameters."""
        return role.allow("parameters", grants.read_parameters(self._args.account, self.physical_names(parameters)))
