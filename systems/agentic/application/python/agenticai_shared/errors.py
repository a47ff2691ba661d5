"""What the data access raises: each error carries the HTTP status that the API answers with."""

from __future__ import annotations


class StoreError(Exception):
    """Something could not be read or written; the message is one line."""

    status = 500
    hidden = "internal error"  # what a client is told of a failure that is not its own

    @property
    def shown(self) -> str:
        """The message for a client: what is wrong with its request, and nothing of how the application is built."""
        return str(self) if self.status < 500 else self.hidden


class Invalid(StoreError, ValueError):
    """A value that the model or DynamoDB cannot hold, or a bad cursor."""

    status = 400


class NotFound(StoreError):
    """No such item."""

    status = 404


class Conflict(StoreError):
    """The item exists already, or somebody else has changed it since it was read."""

    status = 409


class TooLarge(StoreError):
    """An item beyond DynamoDB's 400 KB of which nothing can move to S3."""

    status = 413


class Busy(StoreError):
    """DynamoDB or S3 still throttles or fails after the last try."""

    status = 503
    hidden = "busy; try again later"
