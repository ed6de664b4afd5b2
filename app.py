"""World Tracing Studio: `python app.py` opens the studio; `--help` lists the settings."""

from app.config import parse_args, prepare_environment

if __name__ == "__main__":
    config = parse_args()
    prepare_environment(config)
    from app.main import main  # gradio reads its environment when it is imported

    main(config)
