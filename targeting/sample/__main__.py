"""Write the sample shop: ``python -m targeting.sample [DIR]`` fills ``DIR/data/``."""

import argparse
from pathlib import Path

from targeting.sample.write import write_sample


def main() -> None:
    """Read the one argument and write the shop's files into its ``data`` folder."""
    parser = argparse.ArgumentParser(
        prog="python -m targeting.sample",
        description="Write the synthetic electronics shop into DIR/data/.",
    )
    parser.add_argument("dir", nargs="?", default=".", type=Path, metavar="DIR")
    write_sample(parser.parse_args().dir / "data")


if __name__ == "__main__":
    main()
