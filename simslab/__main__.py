"""`python -m simslab`: the same as the command `simslab`."""

from simslab.cli.main import main

if __name__ == "__main__":
    main()
