"""OpenAPI: every operation also documents its problems, how to sign in, and the headers that many share."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="The same key with the same request gives the same answer, for a day.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag of the version you read; else 412."
)


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem document. `errors` names fields, or the criteria that are not met."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.UUIDField()
    errors = serializers.JSONField(required=False)  # type: ignore[assignment]  # the name in the API


class ProblemAutoSchema(AutoSchema):
    """Add the `default` response that every error uses."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        component = self.resolve_serializer(ProblemSerializer, "response")
        bodies["default"] = {
            "description": "What is wrong and what to do.",
            "content": {"application/problem+json": {"schema": component.ref}},
        }
        return bodies


class PrincipalScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A bearer token, or the session cookie of our own pages."""

    target_class = "accounts.authentication.PrincipalAuthentication"
    name = ["bearer", "session"]  # noqa: RUF012  # the extension's own declaration

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API token: cmk_…"},
            {"type": "apiKey", "in": "cookie", "name": "cm_session", "description": "With the header X-CSRFToken."},
        ]
