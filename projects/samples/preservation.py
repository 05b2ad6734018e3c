"""The plan "Phase 2: Infrastructure Preservation". Its checks run on a checkout of this product, and pass or fail.

Every command is run at the root of the checkout. `pytest` starts servers of its own; those that ask the running product
at 127.0.0.1:8000 need `make run` beside them, and fail without it.
"""

from projects.samples.shapes import (
    SampleBackup,
    SampleCheck,
    SampleDecision,
    SampleGate,
    SampleGroup,
    SampleMetric,
    SamplePhase,
    SamplePlan,
    SampleRule,
    SampleTask,
)

BACKEND_ENGINEER = "python-backend-engineer"
UI_ENGINEER = "ui-engineer"
DATA_EXPERT = "data-layer-expert"
FRONTEND_DEVELOPER = "frontend-developer"
DEBUGGER = "ultrathink-debugger"
REVIEWER = "code-reviewer"
VALIDATOR = "task-completion-validator"
ARCHITECT = "lead-architect"
FRONTEND_ARCHITECT = "frontend-architect"
AGENTS = (
    BACKEND_ENGINEER,
    UI_ENGINEER,
    DATA_EXPERT,
    FRONTEND_DEVELOPER,
    DEBUGGER,
    REVIEWER,
    VALIDATOR,
    ARCHITECT,
    FRONTEND_ARCHITECT,
)

SUPERVISED = "python3 common/embedded/bootstrap.py --dev common.embedded.supervisor test"
PYTEST = f"{SUPERVISED} python -m pytest -q"
HEALTH = "curl --fail --silent --show-error --max-time 10 http://127.0.0.1:8000/health"

BACKEND = SampleGroup(
    name="Backend",
    label="Day 6",
    rationale="One agent who knows the settings, the migrations and the API keeps the patterns in one head.",
    tasks=(
        SampleTask("1.1", "Configure names of service and database", BACKEND_ENGINEER, 15, "config/settings.py"),
        SampleTask("1.2", "Write the first migration of tenancy", BACKEND_ENGINEER, 20, "accounts/migrations/"),
        SampleTask("1.3", "Describe the API", BACKEND_ENGINEER, 10, "config/urls.py"),
    ),
    backups=(SampleBackup(DATA_EXPERT, ("1.2",), "if schema complexity increases"),),
    gate=SampleGate(
        "review",
        "Review 1",
        REVIEWER,
        (
            SampleCheck("SERVICE_NAME and the database's name are correct"),
            SampleCheck("The migration matches the tenancy tables"),
            SampleCheck("The API's title and description are updated"),
            SampleCheck("OpenTelemetry, row security and middleware are preserved"),
        ),
    ),
)
FRONTEND = SampleGroup(
    name="Frontend",
    label="Day 7",
    rationale="Pages, client and telemetry hooks belong to one agent; it needs the API's contract only.",
    after="Backend",
    after_reason="The pages call the API that the first group configures.",
    tasks=(
        SampleTask("2.1", "Configure the web client", UI_ENGINEER, 15, "static/js/"),
        SampleTask("2.2", "Send trace context and service name with each call", UI_ENGINEER, 20, "static/js/"),
        SampleTask("2.3", "Keep the first pages and the way between them", UI_ENGINEER, 15, "templates/"),
    ),
    backups=(SampleBackup(FRONTEND_DEVELOPER),),
    gate=SampleGate(
        "review",
        "Review 2",
        REVIEWER,
        (
            SampleCheck("The web configuration keeps its instrumentation"),
            SampleCheck("The client's base address and headers are right"),
            SampleCheck("Pages render, and lead to each other"),
            SampleCheck("The telemetry hooks are preserved"),
        ),
    ),
)
INFRASTRUCTURE = SampleGroup(
    name="Infrastructure",
    label="Day 9",
    rationale="The services are described before anything is started in them: 4.3 comes first.",
    after="Frontend",
    after_reason="The composed services start both halves.",
    tasks=(
        SampleTask("4.3", "Describe the composed services", BACKEND_ENGINEER, 15, "docker-compose.yml"),
        SampleTask("4.1", "Initialise the database and verify its tables", BACKEND_ENGINEER, 15, after=("4.3",)),
        SampleTask("4.2", "Set Redis up and verify it", BACKEND_ENGINEER, 10, after=("4.1",)),
    ),
    backups=(SampleBackup(DATA_EXPERT, ("4.1",), "if migration issues"),),
    gate=SampleGate(
        "review",
        "Review 3",
        REVIEWER,
        (
            SampleCheck("The composed services are complete"),
            SampleCheck("Migrations run"),
            SampleCheck("Redis works"),
            SampleCheck("Volumes and dependencies are right"),
        ),
    ),
)
VALIDATION = SampleGate(
    "validation",
    "Validation",
    VALIDATOR,
    (
        SampleCheck("The backend starts without import errors", f"{SUPERVISED} python manage.py check", "Backend"),
        SampleCheck("/health answers 200", HEALTH, "Backend"),
        SampleCheck(
            "The instrumentation initialises",
            f"{PYTEST} common/tests/test_infrastructure.py::test_tracing_enabled",
            "Backend",
        ),
        SampleCheck(
            "Logging is structured",
            f"{PYTEST} common/tests/test_infrastructure.py::test_logging_structured",
            "Backend",
        ),
        SampleCheck(
            "The assets are built", f"{SUPERVISED} python manage.py collectstatic --noinput --dry-run", "Frontend"
        ),
        SampleCheck("Pages load", f"{PYTEST} tasks/tests/test_views.py", "Frontend"),
        SampleCheck("The API answers its client", f"{PYTEST} tests/api/test_over_http.py", "Frontend"),
        SampleCheck(
            "The telemetry hooks survive a build", f"{PYTEST} common/tests/test_telemetry_browser.py", "Frontend"
        ),
        SampleCheck("PostgreSQL answers", f"{PYTEST} common/tests/test_embedded_servers.py", "Infrastructure"),
        SampleCheck("Migrations run, back and forth", f"{PYTEST} common/tests/test_migrations.py", "Infrastructure"),
        SampleCheck(
            "All tables are there: tenants, users, preferences",
            f"{SUPERVISED} python manage.py makemigrations --check --dry-run",
            "Infrastructure",
        ),
        SampleCheck("Redis answers", f"{PYTEST} common/tests/test_redis_client.py", "Infrastructure"),
        SampleCheck("The composed services are valid", f"{PYTEST} tests/test_compose.py", "Infrastructure"),
        SampleCheck(
            "Traces appear in the console", f"{PYTEST} common/tests/test_telemetry_tracing.py", "Observability"
        ),
        SampleCheck("Log lines carry trace ids", f"{PYTEST} tests/test_celery.py", "Observability"),
        SampleCheck(
            "The frontend sends trace context",
            f"{PYTEST} common/tests/test_context.py::test_traceparent_is_read_by_the_standard",
            "Observability",
        ),
        SampleCheck(
            "The backend receives trace context and logs it",
            f"{PYTEST} tests/test_celery.py::test_a_job_logs_the_ids_of_the_request_that_asked_for_it",
            "Observability",
        ),
    ),
)
OBSERVABILITY = SampleGroup(
    name="Observability",
    label="Day 5",
    rationale="Traces can only be verified when everything runs: whatever its label says, it comes last.",
    after="Infrastructure",
    after_reason="Traces and logs need the running services.",
    parallel_key="observability",
    tasks=(
        SampleTask("3.1", "Verify the backend's traces", BACKEND_ENGINEER, 20),
        SampleTask("3.2", "Verify the frontend's telemetry", UI_ENGINEER, 20),
        SampleTask("3.3", "Test the infrastructure", BACKEND_ENGINEER, 20, after=("3.1",)),
    ),
    backups=(SampleBackup(DEBUGGER, (), "if issues found"),),
    gate=VALIDATION,
)

PHASE = SamplePhase(
    name="Infrastructure Preservation",
    number=2,
    goal="Keep tenancy, row security, tracing and Redis while the foundation moves under them.",
    days=(3, 5),
    criteria=(
        "The backend starts without errors",
        "The frontend builds and runs",
        "Database migrations succeed",
        "Traces appear in the console or at the collector",
        "Structured logs include trace ids",
        "The Redis connection works",
        "Health endpoints answer 200",
    ),
    groups=(BACKEND, FRONTEND, INFRASTRUCTURE, OBSERVABILITY),
    final=SampleGate("final", "Final review", ARCHITECT),
    metrics=(
        SampleMetric("Commits", "commits", "eq", "4"),
        SampleMetric("Revisions per gate", "review_cycles", "between", "0", "1"),
        SampleMetric("Issues documented", "issues_documented", "eq", "100", unit="%"),
        SampleMetric("Time per group", "time_per_group", "gte", "0", unit="h"),
        SampleMetric("Patterns preserved", "patterns_preserved", "eq", "100", unit="%"),
        SampleMetric("Tokens saved", "token_saving", "gte", "40", unit="%"),
    ),
    rules=(
        SampleRule("Backend", "The primary fails twice, or a check of the backend fails", DATA_EXPERT, ARCHITECT),
        SampleRule("Frontend", "The build breaks, or a page does not load", FRONTEND_DEVELOPER, FRONTEND_ARCHITECT),
        SampleRule("Infrastructure", "A service does not start, or a migration fails", DATA_EXPERT, DEBUGGER),
        SampleRule("Observability", "Traces or trace ids are missing", DEBUGGER, ARCHITECT),
    ),
    decisions=(
        SampleDecision(
            "Composed services at the root",
            "docker-compose.yml stands at the root of the repository.",
            "One command starts everything from where people are.",
            "A folder of its own for infrastructure.",
            "Found at once; relative paths stay short.",
        ),
        SampleDecision(
            "An automated set-up",
            "Set-up is a script that may be run again.",
            "Steps that people type are forgotten or typed twice.",
            "A page of instructions.",
            "The same on every machine.",
        ),
        SampleDecision(
            "Verification in Python",
            "What is verified is verified by tests in Python.",
            "The tools are there already, and a test can fail.",
            "Shell scripts.",
            "One report, with an exit code.",
            note="A script that prints success without looking proves nothing.",
        ),
        SampleDecision(
            "One name for the database",
            "The database's name comes from one setting of the environment.",
            "Two names in two files had drifted apart.",
            "A name per environment in the code.",
            "No code changes between environments.",
        ),
        SampleDecision(
            "PostgreSQL with vectors",
            "The database's image brings the vector extension.",
            "Search by meaning needs it, and adding it later moves data.",
            "The plain image, and an extension later.",
            "Nothing to install afterwards.",
            future="Measure before an index is built.",
        ),
    ),
)
PLAN = SamplePlan(
    name="Infrastructure Preservation",
    goal="Preserve what the platform is built on, and prove that it is.",
    phase=PHASE,
    agents=AGENTS,
)
