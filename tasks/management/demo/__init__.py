"""The demo: a project, three agents and seven real tasks, with two accidents on purpose.

`stage` sets up through the services; everything after that goes over HTTP, as it would from another host.
"""
