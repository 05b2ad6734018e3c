"""The reference worker: claims tasks over HTTP and runs commands of its own configuration.

Standard library only and no import of ours, so that it runs on any host with a URL and a token.
"""
