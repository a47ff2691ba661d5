"""systems.trading.frontend: what the settings of a trading stack make of the pages and of the maintenance answer."""

from __future__ import annotations

import functools
import json
import runpy

from plumbline import constraints
from plumbline.evaluate import evaluate
from plumbline.graph import Resource, StackGraph
from plumbline.project import Project
from tests.components.programs import named, needs, present
from tests.evaluations import ROOT, preview

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
ZONES = {"test": "test.trading.example.com", "prod": "trading.example.com"}
ANSWERS = {"test": [], "prod": ["maintenance-distribution"]}
SECONDARY = {"secondary": "api.eu.example.com", "secondary_zone_id": "Z2OJLYMUO9EFXC"}


@functools.cache
def other_choices() -> StackGraph:
    """Return production with countries, trailing slashes, and an API in another region to fail over to."""
    config = Project(ROOT).config("prod")
    settings = json.loads(config["plumbline:settings"])
    settings["cdn"] |= {"countries": ["US", "CA"], "trailing_slash": True}
    settings["domains"]["failover"] = SECONDARY
    config["plumbline:settings"] = json.dumps(settings)

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    evaluation = evaluate(program, stack="prod", config=config, root=ROOT)
    assert (evaluation.mistakes, evaluation.warnings, constraints.check(evaluation.graph)) == ((), (), [])
    return evaluation.graph


def code_of(function: Resource) -> tuple[str, ...]:
    """Return the lines of constants above a function's code."""
    lines: list[str] = function.inputs["code"].splitlines()
    return tuple(line for line in lines if line.startswith("const ") and line.endswith(";") and "=" in line)


def test_the_pages_are_under_the_frontends_domain_and_from_its_bucket(stack: str) -> None:
    pages = named(preview(stack).graph, "cdn-distribution")
    assert pages.inputs["aliases"] == [f"app.{ZONES[stack]}"]
    assert pages.inputs["priceClass"] == {"test": "PriceClass_100", "prod": "PriceClass_All"}[stack]
    assert needs(pages) == {
        "origins": ("buckets-frontend-assets", "cdn-access"),
        "defaultCacheBehavior": ("cdn-pages", "cdn-pages-headers"),
        "orderedCacheBehaviors": ("cdn-immutable", "cdn-immutable-headers"),
        "viewerCertificate": ("certificates-frontend-validation",),
        "webAclId": ("firewall-cdn-acl",),
    }


def test_pages_call_the_api_and_the_users_pool_and_nothing_else(stack: str) -> None:
    headers = named(preview(stack).graph, "cdn-pages-headers")
    policy = headers.get("securityHeadersConfig.contentSecurityPolicy.contentSecurityPolicy")
    [connect] = [row for row in policy.split("; ") if row.startswith("connect-src ")]
    assert connect == f"connect-src 'self' https://api.{ZONES[stack]} https://cognito-idp.us-east-1.amazonaws.com"


def test_files_that_next_js_names_by_their_content_are_the_only_ones_kept(stack: str) -> None:
    rows = named(preview(stack).graph, "cdn-distribution").inputs["orderedCacheBehaviors"]
    assert [row["pathPattern"] for row in rows] == ["/_next/static/*"]


def test_the_bucket_of_the_pages_is_the_only_one_that_cloudfront_reads(stack: str) -> None:
    policies = preview(stack).graph.of_type("aws:s3/bucketPolicy:BucketPolicy")
    found = [policy.name for policy in policies if "cloudfront.amazonaws.com" in policy.inputs["policy"]]
    assert found == ["buckets-frontend-assets-policy"]


def test_only_a_failover_without_a_secondary_api_has_a_maintenance_answer(stack: str) -> None:
    made = [resource.name for resource in preview(stack).graph.of_type(DISTRIBUTION)]
    assert sorted(made) == sorted(["cdn-distribution", *ANSWERS[stack]])
    assert [resource.name for resource in other_choices().of_type(DISTRIBUTION)] == ["cdn-distribution"]


def test_the_maintenance_answer_is_the_apis_for_the_pages() -> None:
    graph = preview("prod").graph
    answer = named(graph, "maintenance-distribution")
    assert answer.inputs["aliases"] == ["api.trading.example.com"]
    assert answer.inputs["restrictions"] == {"geoRestriction": {"restrictionType": "none"}}
    assert needs(answer)["viewerCertificate"] == ("certificates-maintenance-validation",)
    assert code_of(named(graph, "maintenance-answer"))[:2] == (
        'const origin = "https://app.trading.example.com";',
        "const retryAfter = 300;",
    )


def test_countries_of_the_settings_are_the_only_ones_that_get_pages() -> None:
    restricted = named(other_choices(), "cdn-distribution").inputs["restrictions"]
    assert present(restricted) == {"geoRestriction": {"restrictionType": "whitelist", "locations": ["US", "CA"]}}


def test_pages_have_the_trailing_slash_of_the_settings() -> None:
    graphs = {"false": preview("prod").graph, "true": other_choices()}
    lines = {value: code_of(named(graph, "cdn-pages"))[0] for value, graph in graphs.items()}
    assert lines == {value: f"const trailingSlash = {value};" for value in graphs}


def test_access_logs_of_all_distributions_go_to_their_bucket(stack: str) -> None:
    graph = preview(stack).graph
    destinations = graph.of_type("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
    assert len(destinations) == len(graph.of_type(DISTRIBUTION))
    assert {needs(made)["deliveryDestinationConfiguration"] for made in destinations} == {("buckets-cdn-logs",)}
