"""One request id and one trace id through everything a request causes."""
