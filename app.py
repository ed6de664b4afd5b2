"""World Tracing Studio: `python app.py` opens the studio; `--help` lists the settings."""

from app.config import parse_args

if __name__ == "__main__":
    config = parse_args()
    from app.main import main

    main(config)
