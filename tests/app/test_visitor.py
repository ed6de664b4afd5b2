"""The visitor of the load benchmark against a real process: two at once, a kill in the middle, the work afterwards."""

import asyncio
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
sys.path.append(str(BENCHMARKS))

import marked  # noqa: E402
from kept import differences  # noqa: E402
from load import findings  # noqa: E402
from serving import Server, memory_mb  # noqa: E402
from visitor import Visitor, VisitorError  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """The real studio with quick parts in place of the models."""

    class Quick(Server):
        def arguments(self) -> list[str]:
            return [str(self.port), str(self.data), "0.02"]

    command = (Path(__file__).parent / "quick_studio.py",)
    with Quick(tmp_path / "data", command=command) as running:
        yield running


async def visit(url: str, number: int, folder: Path) -> Visitor:
    visitor = await Visitor(url).open()
    await visitor.upload(marked.save(number, folder))
    await visitor.lift()
    await visitor.settle()
    return visitor


def test_two_visitors_at_once_get_their_own_and_a_kill_loses_nothing(server, tmp_path):
    async def story() -> None:
        two = await asyncio.gather(visit(server.url, 3, tmp_path), visit(server.url, 12, tmp_path))
        for visitor, number in zip(two, (3, 12), strict=True):
            seen = {name: marked.in_picture(visitor.pictures[name]) for name in ("photo", "before")}
            seen["3D"] = set().union(*(marked.numbers(colours) for colours in visitor.points.values()))
            bundle = await visitor.export({"ply", "png", "manifest"})
            assert findings(number, {**seen, **marked.in_zip(bundle)}) == ([], [])
            assert "layer_0.ply" in marked.in_zip(bundle)
        one = two[0]
        points = {name: len(colours) for name, colours in one.points.items()}
        one.cut_view()
        await one.until(lambda: one.view_lost == 1, "the view's socket to be cut")
        await one.settle()
        await one.until(lambda: {name: len(c) for name, c in one.points.items()} == points, "the points again", 20)
        accepted = await one.project()
        assert memory_mb(server.pid)[0] > 50
        again = asyncio.create_task(one.lift(steps=50))
        await one.until(lambda: one.at_work, "the lift to run", 30)
        server.kill()
        with pytest.raises(VisitorError, match="stopped"):
            await again
        for visitor in two:
            await visitor.close()
        server.start()
        back = await Visitor(server.url, one.key).open()
        assert back.status == "Welcome back: your work was restored."
        assert differences(accepted, await back.project()) == []
        await back.lift()
        await back.close()

    asyncio.run(story())
