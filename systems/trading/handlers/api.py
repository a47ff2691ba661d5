"""HTTP handler of API Gateway's REST proxy events: the items of the one table that the function owns.

Where the table's partition key is tenantId, a caller reaches the items of the tenant in its claims and no others.
"""

from __future__ import annotations

import base64
import os
import re
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import trading_shared as shared
from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

_TENANT = "tenantId"


class _Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Request:
    """One request to the owned table: its method, the tenant, and the key as far as the URL gives it."""

    def __init__(self, event: dict[str, Any], tenant: str) -> None:
        self.event, self.tenant = event, tenant
        self.partition = shared.KeyAttribute.from_environment("PRIMARY_PARTITION_KEY")
        self.sort = (
            shared.KeyAttribute.from_environment("PRIMARY_SORT_KEY") if os.environ.get("PRIMARY_SORT_KEY") else None
        )
        self.attributes = [key for key in (self.partition, self.sort) if key]
        self.of_tenants = self.partition.name == _TENANT
        self.query: dict[str, str] = event.get("queryStringParameters") or {}
        self.id = _identifier(event)
        self.table = shared.table(os.environ["PRIMARY_TABLE"])
        self.key: dict[str, str | Decimal] = {_TENANT: tenant} if self.of_tenants else {}
        by_id = self.sort if self.of_tenants else self.partition
        if self.id is not None:
            if by_id is None:
                raise _Refusal(404, "each tenant has one item here, which has no id")
            self.key[by_id.name] = by_id.from_text(self.id)
        if self.sort and not self.of_tenants and self.sort.name in self.query:
            self.key[self.sort.name] = self.sort.from_text(self.query[self.sort.name])

    @property
    def names_an_item(self) -> bool:
        return self.id is not None or (self.of_tenants and self.sort is None)

    def whole_key(self) -> dict[str, str | Decimal]:
        for attribute in self.attributes:
            if attribute.name not in self.key:
                raise _Refusal(400, f"the query parameter {attribute.name} is needed")
        return self.key

    def item(self) -> dict[str, Any]:
        """Return the body as an item whose key agrees with the URL and with the tenant."""
        body = _body(self.event)
        if body.get(_TENANT, self.tenant) != self.tenant:
            raise _Refusal(403, "the body names another tenant")
        for attribute in self.attributes:
            value = attribute.checked(body.get(attribute.name, self.key.get(attribute.name)))
            if self.key.get(attribute.name, value) != value:
                raise _Refusal(400, f"{attribute.name} differs between URL and body")
            body[attribute.name] = value
        return body

    def page(self) -> dict[str, Any]:
        """Return the paging arguments of a Query or Scan."""
        limit = self.query.get("limit", "25")
        if not re.fullmatch(r"[1-9][0-9]?|100", limit):
            raise _Refusal(400, "limit must be a number from 1 to 100")
        if "cursor" not in self.query:
            return {"Limit": int(limit)}
        start = shared.key_of(self.query["cursor"], self.attributes)
        # A forged cursor must not even tell whether another tenant's item exists.
        if start.get(_TENANT, self.tenant) != self.tenant:
            raise shared.BadValue("bad cursor")
        return {"Limit": int(limit), "ExclusiveStartKey": start}


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer one request; whatever goes wrong becomes a JSON error."""
    log = shared.Log(request_id=getattr(context, "aws_request_id", None))
    try:
        log.tenant = shared.tenant_of(event)
        status, body = _answer(event, log.tenant)
    except (_Refusal, shared.BadValue, shared.TenantMissing) as error:
        status, body = _error(error.status, str(error))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ValidationException", "SerializationException"):
            # Too large, too long, or an index attribute of the wrong type: DynamoDB knows limits not repeated here.
            log.warning("DynamoDB refused the request", reason=str(error))
            status, body = _error(400, "the table does not accept these values")
        else:
            log.exception("DynamoDB failed")
            status, body = _error(500, "internal error")
    except Exception:
        log.exception("unexpected failure")
        status, body = _error(500, "internal error")
    facts = event if isinstance(event, dict) else {}
    # A workflow says what its direct call is for; API Gateway's own events have no such field.
    purpose = {"operation": facts["operation"]} if "operation" in facts else {}
    log.info("answered", method=facts.get("httpMethod"), resource=facts.get("resource"), status=status, **purpose)
    headers = {} if body is None else {"Content-Type": "application/json"}
    if origin := os.environ.get("ALLOWED_ORIGIN"):
        headers["Access-Control-Allow-Origin"] = origin
    return {"statusCode": status, "headers": headers, "body": "" if body is None else shared.to_json(body)}


def _error(status: int, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": HTTPStatus(status).phrase.replace(" ", ""), "message": message}}


def _answer(event: dict[str, Any], tenant: str) -> tuple[int, Any]:
    method = event.get("httpMethod")
    if not os.environ.get("PRIMARY_TABLE"):
        if _identifier(event) is not None:
            raise _Refusal(404, "no such route")
        if method != "GET":
            raise _Refusal(405, f"{method} is not allowed here")
        facts = {"handler": os.environ.get("HANDLER_NAME"), "environment": os.environ.get("ENVIRONMENT")}
        return 200, {**facts, "status": "ok", "tables": shared.visible_tables()}

    request = _Request(event, tenant)
    condition = Attr(request.partition.name)
    own = condition.exists() & _own(tenant)
    match method:
        case "GET" if request.names_an_item:
            # Strongly consistent: whoever has just thrown a kill switch must not read that it is off.
            found = request.table.get_item(Key=request.whole_key(), ConsistentRead=True).get("Item")
            # A table that tenants share may hold items of one of them, which for the others do not exist.
            if found is None or found.get(_TENANT, tenant) != tenant:
                raise _Refusal(404, "no such item")
            return 200, found
        case "GET":
            return 200, _list(request)
        case "POST":
            item = request.item()
            _change(
                409, "the item exists", request.table.put_item, Item=item, ConditionExpression=condition.not_exists()
            )
            return 201, item
        case "PUT" if request.names_an_item:
            item = request.item()
            _change(404, "no such item", request.table.put_item, Item=item, ConditionExpression=own)
            return 200, item
        case "DELETE" if request.names_an_item:
            key = request.whole_key()
            _change(404, "no such item", request.table.delete_item, Key=key, ConditionExpression=own)
            return 204, None
    raise _Refusal(405, f"{method} is not allowed here")


def _list(request: _Request) -> dict[str, Any]:
    if request.of_tenants:
        answer = request.table.query(KeyConditionExpression=Key(_TENANT).eq(request.tenant), **request.page())
    elif os.environ.get("ALLOW_SCAN") == "true":
        answer = request.table.scan(FilterExpression=_own(request.tenant), **request.page())
    else:
        raise _Refusal(400, f"the path parameter id ({request.partition.name}) is needed")
    last = answer.get("LastEvaluatedKey")
    return {"items": answer["Items"], "cursor": shared.cursor_of(last) if last else None}


def _own(tenant: str) -> ConditionBase:
    """The condition that an item is the tenant's or nobody's."""
    return Attr(_TENANT).not_exists() | Attr(_TENANT).eq(tenant)


def _change(status: int, message: str, operation: Any, **arguments: Any) -> None:
    try:
        operation(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise _Refusal(status, message) from None


def _identifier(event: dict[str, Any]) -> str | None:
    """Return the route's id, None for a route without one; the resource says which, as an id may hold a slash."""
    parameters = event.get("pathParameters") or {}
    resource = str(event.get("resource")).replace("{handler}", str(parameters.get("handler")))
    route, slash, rest = resource.removeprefix("/").partition("/")
    if route != os.environ.get("HANDLER_NAME") or (slash and (rest != "{id}" or not parameters.get("id"))):
        raise _Refusal(404, "no such route")
    # REST APIs pass path parameters on as they are in the URL, percent-encoded.
    return unquote(parameters["id"]) if slash else None


def _body(event: dict[str, Any]) -> dict[str, Any]:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            text = base64.b64decode(text, validate=True).decode("utf-8")
        except ValueError:
            raise _Refusal(400, "the body is not base64 of UTF-8") from None
    body = shared.from_json(text)
    if not isinstance(body, dict):
        raise _Refusal(400, "the body must be a JSON object")
    return body
