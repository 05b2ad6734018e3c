"""What lists of evidence can be narrowed by."""

from typing import Any

from django_filters import rest_framework as filters

from common.api.filters import FilterSet, flag_filter, id_filter
from evidence.models import (
    ArtifactType,
    ClaimStatus,
    Confidence,
    DecisionStatus,
    EvidenceStatus,
    Grade,
    Granularity,
    LinkKind,
    Method,
    ReasonCode,
    SourceType,
    Verdict,
)


class EvidenceFilter(FilterSet):
    project = id_filter("project_id")
    task = id_filter("task_id")
    execution = id_filter("execution_id")
    agent = id_filter("agent_id")
    author = id_filter("author_id")
    source_type = filters.MultipleChoiceFilter(choices=SourceType.choices)
    grade = filters.MultipleChoiceFilter(choices=Grade.choices)
    status = filters.MultipleChoiceFilter(choices=EvidenceStatus.choices)
    confidence = filters.MultipleChoiceFilter(choices=Confidence.choices)
    disputed = flag_filter("disputed")
    is_verified = flag_filter("is_verified")
    tag = filters.CharFilter(method="with_tags", label="Repeat it for several tags.")
    tag_match = filters.ChoiceFilter(
        method="unchanged", choices=[("all", "all"), ("any", "any")], label="Whether all tags are wanted, or any."
    )

    def with_tags(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.tagged(self.data.getlist(name), with_all=self.data.get("tag_match") != "any")

    def unchanged(self, queryset: Any, name: str, value: str) -> Any:
        return queryset


class AttestationFilter(FilterSet):
    method = filters.MultipleChoiceFilter(choices=Method.choices)
    verdict = filters.MultipleChoiceFilter(choices=Verdict.choices)


class LinkFilter(FilterSet):
    kind = filters.MultipleChoiceFilter(choices=LinkKind.choices)


class HistoryFilter(FilterSet):
    reason_code = filters.MultipleChoiceFilter(choices=ReasonCode.choices)


class ClaimFilter(FilterSet):
    project = id_filter("project_id")
    status = filters.MultipleChoiceFilter(choices=ClaimStatus.choices)
    subject = filters.CharFilter(field_name="subject")


class DecisionFilter(FilterSet):
    project = id_filter("project_id")
    status = filters.MultipleChoiceFilter(choices=DecisionStatus.choices)


class ChainFilter(FilterSet):
    project = id_filter("project_id")
    primary_evidence = id_filter("primary_evidence_id")
    decision = id_filter("decision_id")


class ArtifactFilter(FilterSet):
    project = id_filter("project_id")
    parent = id_filter("parent_id")
    agent = id_filter("source_agent_id")
    execution = id_filter("source_execution_id")
    author = id_filter("created_by_id")
    artifact_type = filters.MultipleChoiceFilter(choices=ArtifactType.choices)
    granularity = filters.MultipleChoiceFilter(choices=Granularity.choices)
