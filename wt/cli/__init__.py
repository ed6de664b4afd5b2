"""The subcommands of `python -m wt`, one module each: `register` adds its parser, `run` returns the JSON object."""
