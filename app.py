"""World Tracing Studio: `python app.py` opens the studio; `--help` lists the settings."""

from app.config import prepare_environment
from app.flags import parse_args

if __name__ == "__main__":
    config = parse_args()
    prepare_environment(config)
    from app.main import main  # gradio reads its environment when it is imported

    main(config)
