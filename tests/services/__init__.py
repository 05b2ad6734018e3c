"""Scenes in which each service does what it is for; one module an area. `tests/test_services_record.py` plays them."""
