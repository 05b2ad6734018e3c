"""What operators do: set an installation up, and verify it (docs/decisions/0016-upkeep.md). The commands are thin."""
