"""What happened, how long it took and what it belonged to: log lines, metrics and traces.

The choices behind it: docs/decisions/0014-telemetry.md.

Who adds an endpoint, a job or a service needs nothing from here: the middleware, Celery's signals and the connection's
wrapper see them by themselves.
"""
