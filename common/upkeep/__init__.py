"""What operators do: set an installation up and verify it, back it up and restore it, change its keys.

The commands over this are thin. Why it is built like this: docs/decisions/0016-upkeep.md.
"""
