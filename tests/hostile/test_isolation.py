"""Two visitors of one studio, each with a photo of one colour: nothing of one is the other's, in 2D or in 3D."""

import asyncio
import io
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
import websockets
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "benchmarks"))

from browser import quick_studio
from visitor import Visitor

COLOURS = {"red": (210, 20, 30), "green": (20, 190, 40)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """(address, data folder) of a studio, with the photos beside the data."""
    folder = tmp_path_factory.mktemp("two")
    for name, colour in COLOURS.items():
        Image.fromarray(np.full((64, 96, 3), colour, np.uint8)).save(folder / f"{name}.png")
    uploads = {"GRADIO_TEMP_DIR": str(folder / "data" / "uploads")}
    with quick_studio(folder, 0, environment=uploads) as address:
        yield address.rstrip("/"), folder


async def arrived(place, name: str) -> Visitor:
    """A visitor with a lifted photo of this colour and an export."""
    visitor = await Visitor(place[0]).open()
    await visitor.upload(place[1] / f"{name}.png")
    await visitor.lift()
    await visitor.export(["ply"])
    await visitor.settle()
    return visitor


def token(visitor: Visitor) -> str:
    return visitor.shown["stage"]["value"]["token"]


def shares(colours: np.ndarray) -> dict[str, float]:
    """How much of what is seen has each visitor's colour."""
    near = {name: np.abs(colours.astype(int) - colour).max(-1) < 25 for name, colour in COLOURS.items()}
    return {name: float(found.mean()) for name, found in near.items()}


def test_nothing_of_one_visitor_is_seen_fetched_or_opened_by_another(place):
    async def meet() -> None:
        red, green = await asyncio.gather(arrived(place, "red"), arrived(place, "green"))
        for visitor, mine, other in ((red, "red", "green"), (green, "green", "red")):
            photo = np.asarray(Image.open(io.BytesIO(visitor.pictures["photo"])))
            layers = np.concatenate([one for name, one in visitor.points.items() if "/layer_0/" in name])
            assert shares(photo)[mine] > 0.99
            assert shares(layers)[mine] > 0.99
            assert shares(photo)[other] == shares(np.concatenate(list(visitor.points.values())))[other] == 0
        project = red.shown["projects"]["value"]["projects"][0]["ident"]
        view = red.shown["viewer"]["value"]["path"].strip("/").split("/")[-1]
        exported = next((place[1] / "data/sessions").glob("*/exports/red*.zip")).name
        upload = red.shown["upload"]["value"] or {}
        uploads = [path for path in (place[1] / "data/uploads").rglob("red.png")]
        assert uploads, "it is deleted only a while later"
        async with httpx.AsyncClient(base_url=place[0]) as http:
            for path in (
                *(f"/studio/{token(green)}/picture/project-{project}", f"/studio/{token(green)}/download/{exported}"),
                *(
                    f"/studio/{token(green)}/download/red.wts",
                    f"/studio/{view}/picture/photo",
                    f"/viewer/{token(red)}/",
                ),
                *(f"/studio/{token(red)[:-1]}/picture/photo", f"/viewer/{view[:-1]}/", f"/viewer/{view}x/"),
                *(f"/gradio_api/file={uploads[0]}", f"/gradio_api/file/{uploads[0]}", f"/gradio_api/file={exported}"),
                f"/gradio_api/file={place[1]}/data/sessions",
            ):
                assert (await http.get(path)).status_code == 404, path
            assert (await http.get(f"/studio/{token(red)}/picture/project-{project}")).status_code == 200
        address = f"{place[0].replace('http', 'ws', 1)}/viewer/{token(green)}"
        with pytest.raises(websockets.InvalidStatus):
            async with websockets.connect(address):
                pass
        await green.fire("projects", "act", {"kind": "open", "ident": project})
        assert "no such project" in green.trouble
        await green.fire("projects", "act", {"kind": "delete", "ident": project})
        assert "no such project" in green.trouble
        assert not upload
        await red.close()
        await green.close()

    asyncio.run(meet())


def test_after_my_data_is_deleted_nothing_of_mine_is_there_and_old_addresses_lead_nowhere(place):
    async def leave() -> None:
        red, green = await asyncio.gather(arrived(place, "red"), arrived(place, "green"))
        old, view = token(red), red.shown["viewer"]["value"]["path"]
        theirs = token(green)
        await red.fire("projects", "erase")
        assert red.shown["projects"]["value"]["gone"]
        kept = red.shown["browserstate"]["value"]
        async with httpx.AsyncClient(base_url=place[0]) as http:
            for path in (f"/studio/{old}/picture/photo", f"/studio/{old}/download/red.wts", f"/{view}"):
                assert (await http.get(path)).status_code == 404, path
            assert (await http.get(f"/studio/{theirs}/picture/photo")).status_code == 200
        await red.close()
        assert list((place[1] / "data/uploads").rglob("red.png")) == []
        again = await Visitor(place[0], key=kept).open()
        assert not again.shown["projects"]["value"]["projects"]
        assert "deleted" in again.status
        await again.close()
        await green.close()

    asyncio.run(leave())
