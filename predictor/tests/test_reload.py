import json
import shutil
from pathlib import Path

import pytest

from predictor import model
from predictor.model import Model
from predictor.reload import Reloader
from predictor.servicer import Servicer

from .conftest import COLUMNS, batch
from .test_serve import activate, another

pytestmark = pytest.mark.asyncio


@pytest.fixture
def changing(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root, tmp_path / "changing"))


def events(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]


async def test_what_active_comes_to_name_serves(
    changing: Path, loaded: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    servicer = Servicer(loaded)
    reloader = Reloader(servicer, changing, 3600)
    await reloader.look()
    assert servicer.model is loaded
    version = another(changing, "newer")
    activate(changing, "newer")
    await reloader.look()
    assert servicer.model.manifest.version == version
    newer = servicer.model
    await reloader.look()
    assert servicer.model is newer
    assert events(capsys) == ["model changed"]


async def test_a_refusal_is_told_until_active_names_a_good_one_and_logged_once(
    changing: Path, loaded: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    servicer = Servicer(loaded)
    reloader = Reloader(servicer, changing, 3600)
    another(changing, "bad")
    (changing / "bad" / "golden.csv").unlink()
    first = (changing / "active").read_text()
    activate(changing, "bad")
    for _ in range(3):
        await reloader.look()
        assert servicer.refused == f"{changing / 'bad' / 'golden.csv'}: is missing"
    assert servicer.model is loaded
    activate(changing, "absent")
    await reloader.look()
    assert "names 'absent', and there is no such directory" in servicer.refused
    assert events(capsys) == ["model refused"] * 2
    activate(changing, first)  # The one that serves all along.
    await reloader.look()
    assert servicer.refused == ""
    assert servicer.model is loaded
    activate(changing, "bad")
    await reloader.look()
    assert events(capsys) == ["model refused"]


async def test_a_model_of_other_facts_takes_over(changing: Path, four: Path, loaded: Model) -> None:
    """The gateway learns of it from GetModel, or from a column that is refused by name."""
    servicer = Servicer(loaded)
    shutil.copytree(model.resolve(four), changing / "four")
    activate(changing, "four")
    await Reloader(servicer, changing, 3600).look()
    assert servicer.model.facts == tuple(COLUMNS)[:4]
    columns = {name: COLUMNS[name] for name in servicer.model.facts}
    assert servicer.predict_batch(batch(columns).SerializeToString())


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "threshold": ' + "9" * 400 + "}"])
async def test_whatever_lies_there_the_watch_goes_on(
    changing: Path, loaded: Model, text: str
) -> None:
    servicer = Servicer(loaded)
    reloader = Reloader(servicer, changing, 3600)
    another(changing, "bad")
    (changing / "bad" / "manifest.json").write_text(text)
    activate(changing, "bad")
    await reloader.look()
    assert f"{changing}/bad/manifest.json: " in servicer.refused
    assert servicer.model is loaded


async def test_a_path_that_cannot_be_looked_at_is_a_refusal(loaded: Model) -> None:
    servicer = Servicer(loaded)
    await Reloader(servicer, Path("/tmp") / ("x" * 300), 3600).look()
    assert "File name too long" in servicer.refused
    assert servicer.model is loaded
