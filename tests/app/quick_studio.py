"""The real studio with quick parts in place of the models, as a program: `python quick_studio.py PORT CACHE STEP_S`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
    from doubles import QuickEngine

    from app.config import AppConfig
    from app.main import main

    config = AppConfig(port=int(sys.argv[1]), cache=Path(sys.argv[2]), point_budget=12_000, words_model="test detector")
    main(config, engine=QuickEngine(config, step_s=float(sys.argv[3]), long_side=96))
