"""`python -m frontsim`: the same program as the command `frontsim`."""

from frontsim.cli.main import main

if __name__ == "__main__":
    main()
