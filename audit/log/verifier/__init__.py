"""The offline verifier: proves an export of the log without this product, its database or its network.

It imports nothing of ours (an import contract holds that), only the standard library and one Ed25519 check of
`cryptography`, so an auditor can read all of it. Run it with `python -m audit.log.verifier` (docs/verifying.md).
"""
