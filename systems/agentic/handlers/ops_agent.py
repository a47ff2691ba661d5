"""Operations: packages a project's files for its deployment."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

from agenticai_shared import keys, parameters, work
from agenticai_shared.connections import Connections, post
from boto3.dynamodb.conditions import Attr

PARAMETERS = parameters.load()
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file knows: equal files make equal packages


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Package the project of each task of a batch."""
    return work.process(event, package)


def package(task: work.Task) -> None:
    """Put all files of a project into one archive, and note the deployment. Done again, it replaces the archive."""
    store = work.store()
    project = store.project(task.project_id)
    archive, count = io.BytesIO(), 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for file in work.files(task.project_id):
            made.writestr(zipfile.ZipInfo(file.path, _EPOCH), file.content)
            count += 1
    place = work.save(f"deployments/{task.project_id}/package.zip", archive.getvalue())
    item = {**keys.key(keys.project(project.id), f"DEPLOY#{task.task_id}"), "package": place, "files": count}
    work.table().put(item, Attr("PK").not_exists() | Attr("PK").exists(), "refused")
    store.update_project(project, last_deployed_at=datetime.now(UTC))
    Connections(work.table(), post).tell(task.project_id, "project_updated", {"package": place})
