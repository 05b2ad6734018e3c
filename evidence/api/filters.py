"""What lists of evidence can be narrowed by."""

from django_filters import rest_framework as filters

from common.api.filters import FilterSet, id_filter
from evidence.models import ArtifactType, Grade, Granularity, SourceType


class EvidenceFilter(FilterSet):
    project = id_filter("project_id")
    task = id_filter("task_id")
    execution = id_filter("execution_id")
    agent = id_filter("agent_id")
    author = id_filter("author_id")
    source_type = filters.MultipleChoiceFilter(choices=SourceType.choices)
    grade = filters.MultipleChoiceFilter(choices=Grade.choices)


class ArtifactFilter(FilterSet):
    project = id_filter("project_id")
    parent = id_filter("parent_id")
    agent = id_filter("source_agent_id")
    execution = id_filter("source_execution_id")
    author = id_filter("created_by_id")
    artifact_type = filters.MultipleChoiceFilter(choices=ArtifactType.choices)
    granularity = filters.MultipleChoiceFilter(choices=Granularity.choices)
