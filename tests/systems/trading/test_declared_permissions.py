"""The declared permissions follow the settings of a stack, as its policies do."""

from __future__ import annotations

import copy
import runpy
from typing import Any

from plumbline.permissions import prove
from plumbline.permissions.declared import find
from plumbline.project import Project, config_text
from tests.evaluations import ROOT, run_program


def test_customer_keys_influx_images_and_a_recovery_account_change_both_alike() -> None:
    project = Project(ROOT)
    settings: dict[str, Any] = copy.deepcopy(project.settings("test"))
    settings["tables"]["key"] = settings["buckets"]["key"] = "customer"
    settings["recovery_account_id"] = "999999999999"
    settings["pipeline"] = {"repositories": ["worker"]}
    instance = {"instance_type": "db.influx.medium", "storage_gib": 100, "multi_az": False}
    settings["market_data"] |= {"engine": "influxdb", "influx": instance}
    config = {**project.config("test"), "plumbline:settings": config_text(settings)}

    evaluation = run_program(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"), config=config)
    result = prove(evaluation.graph, "trading", settings, find(ROOT, "trading")(settings))

    assert evaluation.mistakes == ()
    assert [(one.kind, one.to, one.on, one.actions) for one in result.findings] == []
    keys = {row.on for row in result.rows if row.to == "role test-audit-audit-packages" and row.on.startswith("key ")}
    assert keys == {"key test-buckets", "key test-tables"}
    assert {row.on for row in result.rows if row.to == "account 999999999999"} == {
        f"key test-{name}" for name in ("buckets", "secrets", "tables", "topics")
    }
