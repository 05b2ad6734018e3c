"""Content-addressed files in the default storage: `<kind>/<tenant>/<ab>/<sha256>` (docs/decisions/0007-files.md)."""
