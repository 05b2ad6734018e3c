"""Plans that ship with the product, as plain data: `preservation` is the one of the specification (§9.3)."""
