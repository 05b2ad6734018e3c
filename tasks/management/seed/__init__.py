"""The demonstration: the people, agents and projects of the specification, and a plan with gates."""
