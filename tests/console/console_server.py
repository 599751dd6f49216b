"""What tests of the console share beside fixtures: which database they run on, and a password."""

import os

# A server of PostgreSQL, where test_console_postgresql.py runs other files of tests on it; else SQLite.
SERVER = os.environ.get("TEST_CONSOLE_POSTGRESQL")
PASSWORD = "a long enough passphrase"
