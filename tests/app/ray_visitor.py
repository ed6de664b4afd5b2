"""One visitor of a studio whose models are two replicas of Ray Serve: `python ray_visitor.py FOLDER`, for one test.

Meant for namespaces of its own: nothing but the loopback device, which it takes up, and no process that it outlives.
What happened is written to FOLDER/seen.json.
"""

import asyncio
import fcntl
import json
import logging
import os
import re
import shutil
import signal
import socket
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS, SEED = 3, 7


def loopback_up():
    """What `ip link set lo up` does."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: UP, RUNNING


class Begun(logging.Handler):
    """The process that does what was asked for last."""

    pid = 0

    def emit(self, record):
        if found := re.search(r"begun by the replica on .*/(\d+)", record.getMessage()):
            self.pid = int(found[1])


def lift(controller, session, begun, on_running=None):
    """One lift, and what was seen of it; `on_running` is called with the job after its second step."""
    job = controller.geometry.lift(session, "scene", steps=STEPS, seed=SEED)
    said, pids, formed = [], [], False
    while not job.wait(0.01):
        said += [job.message] if job.message not in said else []
        pids += [begun.pid] if begun.pid not in pids and job.done else []
        formed = formed or session.viewer.shown.forming
        if on_running is not None and job.done >= 2:
            on_running(job)
            on_running = None
    return {"state": job.state, "message": job.message, "said": said, "pids": pids, "formed": formed, "done": job.done}


def visit(controller, session, photo, begun):
    """Select; lift; lift and cancel; lift and lose the replica. What was seen, and the first and the last result."""
    controller.photo.open(session, photo)
    session.preparing.wait(60)
    controller.select.click(session, 480, 400)
    seen = {"selected": int(session.now.selection.mask.sum())}
    controller.select.clear(session)
    seen["lift"] = lift(controller, session, begun)
    first, at = session.now.scene.layers, []
    seen["cancel"] = lift(controller, session, begun, lambda job: (at.append(job.done), job.cancel()))
    seen["cancel"] |= {"at": at[0], "kept": session.now.scene.layers is first}
    seen["kill"] = lift(controller, session, begun, lambda _: os.kill(begun.pid, signal.SIGKILL))
    seen["torch in the page"] = "torch" in sys.modules
    return seen, first, session.now.scene.layers


async def program(controller, photo, uploads):
    """What a program was told that lifts, edits and exports by the API, as gradio calls it."""
    from app.api import Api
    from app.api_call import endpoint

    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    uploads.mkdir()
    api, request, states = Api(controller), SimpleNamespace(headers={}, client=None), []

    async def call(steps_of, **given):
        async for told in endpoint(steps_of, controller.worker)(request, **given):
            states.append(told[-1].get("message", ""))
        return told[0].path, told[-1]

    scene, lifted = await call(api.lift, photo=str(shutil.copy(photo, uploads)), steps=1)
    scene, edited = await call(api.edit, scene=scene, prompt="add a red chair")
    bundle, _ = await call(api.export, scene=scene, formats=["camera"])
    objects = [thing["name"] for thing in edited["objects"]]
    return {"points": lifted["points"], "objects": objects, "states": states, "bundle": Path(bundle).stat().st_size}


def main(folder):
    from app.config import AppConfig
    from app.controller import Controller
    from app.engine import new_engine
    from app.jobs import Worker
    from app.session import Sessions

    begun, heard = Begun(), logging.getLogger("app.ray_engine.remote")
    heard.addHandler(begun)
    heard.setLevel(logging.DEBUG)
    config = AppConfig(engine="ray", replicas=2, device="cpu", data_dir=folder / "data")
    engine = new_engine(config)
    sessions, worker = Sessions(config), Worker(engine.slots)
    photo = ROOT / "assets/examples/room_chair.jpg"
    try:
        session = sessions.attach("page")
        controller = Controller(engine, sessions, worker)
        seen, *lifted = visit(controller, session, photo, begun)
        seen["program"] = asyncio.run(program(controller, photo, folder / "uploads"))
    finally:
        worker.stop()
        sessions.close()
        engine.close()

    import numpy as np

    import wt

    local = wt.load("wt-s-mini", device="cpu").lift(session.now.rgb, session.now.rays, steps=STEPS, seed=SEED)
    seen["as local"] = [bool(np.array_equal(one.points, local.points, equal_nan=True)) for one in lifted]
    (folder / "seen.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    loopback_up()
    sys.path.insert(0, str(ROOT))
    main(Path(sys.argv[1]))
