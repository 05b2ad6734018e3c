"""Is it well? What the health pages say, and who finds it out (docs/decisions/0015-health.md).

* `checks`: what is asked of each dependency, and what counts as healthy, degraded, unhealthy.
* `probe`: asks in a thread of its own, for a bounded time, once for everybody who wants to know at the same moment.
* `heartbeat`: workers say which queues they serve, so that no probe has to ask them.
* `providers`: asks the providers of models, from a job that beat sends.
* `views`: the routes. `middleware` answers them before anything else can fail.
"""
