"""`python -m agents.worker`."""

import sys

from agents.worker.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
