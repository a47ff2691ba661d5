"""What the deployment pipeline uses of the stack (requirement 21); its roles come with the bootstrap stack."""

from __future__ import annotations

import pulumi

from components.pipeline import Pipeline, PipelineArgs
from systems.trading.settings import Settings


def build(settings: Settings, opts: pulumi.ResourceOptions) -> Pipeline:
    """Register the log of the pipeline's runs, and the repositories of images that the settings name."""
    args = PipelineArgs(
        account=settings.account(),
        naming=settings.naming(),
        log_retention_days=settings.log_retention_days,
        repositories=settings.pipeline.repositories,
    )
    return Pipeline("pipeline", args, opts)
