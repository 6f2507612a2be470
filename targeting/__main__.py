"""python -m targeting."""

from targeting.cli.main import main

main()
