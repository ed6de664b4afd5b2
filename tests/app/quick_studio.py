"""The real studio with quick parts for models: `python quick_studio.py PORT DATA_DIR STEP_S [editing] [api]`.

With "editing" only the lifters and the segmenter are quick parts: words, painter, remover and placement are the app's.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
    from doubles import QuickEngine

    from app.config import AppConfig
    from app.main import main

    told = {"port": int(sys.argv[1]), "data_dir": Path(sys.argv[2])}
    config = AppConfig(**told, point_budget=12_000, words_model="test detector", api="api" in sys.argv[4:])
    engine = QuickEngine(config, step_s=float(sys.argv[3]), long_side=96, editing="editing" in sys.argv[4:])
    main(config, engine=engine)
