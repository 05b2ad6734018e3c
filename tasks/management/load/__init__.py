"""Sample data for scale work: rows made by the database itself, the same for the same seed."""
