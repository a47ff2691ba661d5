"""A small function outside of a VPC, for the tests of what stands in front of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.functions import Function, Functions, FunctionsArgs, FunctionSpec
from components.roles import Role, Roles, RolesArgs, RoleSpec
from tests.components.programs import ACCOUNT, NAMING

CODE, LAYER = Path("systems/trading/handlers"), Path("systems/trading/layer")


def some_roles(*names: str, opts: Any = None) -> Roles:
    specs = {name: RoleSpec(physical_name=name, description="Runs") for name in names}
    return Roles("roles", RolesArgs(naming=NAMING, service="lambda.amazonaws.com", roles=specs), opts)


def a_function(role: Role, name: str = "work", opts: Any = None, **changes: Any) -> Function:
    """Register a function and return it; the role's component attaches its permissions."""
    spec = {"handler": "api.handler", "code": CODE, "memory_mb": 128, "timeout_seconds": 30, **changes}
    args = FunctionsArgs(
        account=ACCOUNT,
        naming=NAMING,
        functions={name: FunctionSpec(role=role, **spec)},
        layer=LAYER,
        log_retention_days=30,
    )
    return Functions("functions", args, opts).functions[name]
