"""Outgoing webhooks (G9 of the guarantees): what is signed, where it may go, how it is sent. It stores nothing."""
