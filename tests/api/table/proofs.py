"""What the log can prove."""

from tests.api.table.row import Row, Wrong

LISTS: tuple[str, ...] = ("audit/checkpoints/",)

COSIGNED = "audit/checkpoints/{size}/cosignatures/"
GROWN = "audit/checkpoints/{size}/consistency/?from=1"
LINE = {"line": "{cosignature}"}

ROWS = [
    #                                                  admin eng rev vie str oth ano age
    Row("GET", "audit/events/{event}/proof/", "         200 200 200 200 404 404 401 200"),
    Row("GET", "audit/events/{event}/tlog-proof/", "    200 200 200 200 404 404 401 200"),
    Row("GET", "audit/checkpoints/", "                  200 200 200 200 200 200 401 200"),
    Row("GET", "audit/checkpoints/{size}/", "           200 200 200 200 200 404 401 200"),
    Row("GET", GROWN, "                                 200 200 200 200 200 404 401 200"),
    Row("POST", COSIGNED, "                             201 403 403 403 403 403 401 403", LINE),
    Row("GET", "audit/tiles/{epoch}/{level}/{tile}", "  200 403 403 403 403 403 401 403"),
    Row("GET", "audit/keys/", "                         200 200 200 200 200 200 401 200"),
]

WRONG_FIELDS: Wrong = [(f"POST {COSIGNED}", {"line": "hello"}, "line")]
