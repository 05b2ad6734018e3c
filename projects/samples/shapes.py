"""What a sample plan is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SampleTask:
    """A step. `after` are the codes that come first within its group: codes are no order."""

    code: str
    title: str
    agent: str
    minutes: int
    target: str = ""
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleBackup:
    """Who steps in: for which of the tasks, and when."""

    agent: str
    scope: tuple[str, ...] = ()
    condition: str = ""


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """A check of a gate; with a command it is a run that passes or fails."""

    text: str
    command: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class SampleGate:
    kind: str
    name: str
    owner: str
    checks: tuple[SampleCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """Tasks that are done, reviewed and gated together. `after` names the group before."""

    name: str
    label: str
    rationale: str
    tasks: tuple[SampleTask, ...]
    gate: SampleGate
    backups: tuple[SampleBackup, ...] = ()
    after: str = ""
    after_reason: str = ""
    parallel_key: str = ""


@dataclass(frozen=True, slots=True)
class SampleMetric:
    name: str
    kind: str
    operator: str
    target: str
    target_max: str | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SampleRule:
    area: str
    trigger: str
    backup: str
    escalate_to: str


@dataclass(frozen=True, slots=True)
class SampleDecision:
    title: str
    decision: str
    reasoning: str
    alternatives: str = ""
    benefits: str = ""
    note: str = ""
    future: str = ""


@dataclass(frozen=True, slots=True)
class SamplePhase:
    name: str
    number: int
    goal: str
    days: tuple[int, int]
    criteria: tuple[str, ...]
    groups: tuple[SampleGroup, ...]
    final: SampleGate
    metrics: tuple[SampleMetric, ...]
    rules: tuple[SampleRule, ...]
    decisions: tuple[SampleDecision, ...]


@dataclass(frozen=True, slots=True)
class SamplePlan:
    name: str
    goal: str
    phase: SamplePhase
    agents: tuple[str, ...] = field(default=())
