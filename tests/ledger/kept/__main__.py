"""`python -m tests.ledger.kept`: keep a ledger file of each schema version that has none."""

from tests.ledger.kept import main

main()
