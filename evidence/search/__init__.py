"""Finding artifacts of one project: by their words, by an embedding, or by both.

Words go to `sec.search_artifacts`, which sees the index that row security hides. Vectors are ranked exactly: within one
project that is faster than a filtered approximate index, and it finds all (design/README.md §7). Where both are given,
the two rankings are fused by reciprocal ranks (Cormack, Clarke, Büttcher 2009).
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models.functions import Left

from evidence.models import Artifact

DEPTH = 200
"""how deep each ranking is looked at"""
FUSION = 60
"""the constant of reciprocal rank fusion: how little the first rank counts above the next ones"""
EXCERPT = 300


@dataclass(frozen=True, slots=True)
class Vector:
    """A direction in the space of an embedding model; its length is one."""

    model: str
    values: list[float]


@dataclass(frozen=True, slots=True)
class Hit:
    """An artifact without its content, how well it fits (only comparable within one answer), and how it begins."""

    artifact: Artifact
    score: float
    excerpt: str


def search_artifacts(
    *, project_id: UUID, words: str = "", vector: Vector | None = None, granularity: str | None = None, most: int = 20
) -> list[Hit]:
    """Return the current artifacts that fit best, best first. The caller has made sure that the project may be seen."""
    rankings = []
    if words:
        rankings.append(by_words(project_id, words, granularity))
    if vector:
        rankings.append(by_vector(project_id, vector, granularity))
    best = list(fused(rankings).items())[:most]
    rows = Artifact.objects.filter(id__in=[each for each, _ in best]).without_content()
    found = {row.id: row for row in rows.annotate(excerpt=Left("content_text", EXCERPT))}
    return [Hit(found[each], score, vars(found[each])["excerpt"]) for each, score in best if each in found]


def by_words(project_id: UUID, words: str, granularity: str | None) -> dict[UUID, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT artifact_id, score FROM sec.search_artifacts(%s, %s, %s, %s)",
            [project_id, words, granularity, DEPTH],
        )
        return dict(cursor.fetchall())


def by_vector(project_id: UUID, vector: Vector, granularity: str | None) -> dict[UUID, float]:
    candidates = Artifact.objects.current().filter(project_id=project_id)
    if granularity:
        candidates = candidates.filter(granularity=granularity)
    return dict(candidates.near(vector.values, model=vector.model)[:DEPTH])


def fused(rankings: list[dict[UUID, float]]) -> dict[UUID, float]:
    """Return one ranking. A single one keeps its scores; of several only the ranks count."""
    if len(rankings) == 1:
        return rankings[0]
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, each in enumerate(ranking, start=1):
            scores[each] = scores.get(each, 0) + 1 / (FUSION + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))
