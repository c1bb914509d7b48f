"""Exchanging the model that serves, without a dropped call, when the active one changes."""

import asyncio
from contextlib import suppress
from pathlib import Path

from predictor import manifest, model
from predictor.errors import ModelError
from predictor.log import log
from predictor.servicer import Servicer


class Reloader:
    """Watches a path that model.resolve takes, and gives the servicer what it comes to name."""

    def __init__(self, servicer: Servicer, path: Path, seconds: float) -> None:
        self._servicer, self._path, self._seconds = servicer, path, seconds
        self._now = asyncio.Event()

    def now(self) -> None:
        """Look at once."""
        self._now.set()

    async def watch(self) -> None:
        """Look every so many seconds, for ever. A model that cannot be used changes nothing."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), self._seconds)
            self._now.clear()
            await self.look()

    async def look(self) -> None:
        """Load what the path names now if its version is another; log the outcome."""
        try:
            found = await asyncio.to_thread(self._load)
        except (ModelError, OSError) as err:
            if str(err) != self._servicer.refused:
                log("model refused", error=str(err))
            self._servicer.refused = str(err)
            return
        self._servicer.refused = ""
        if found is not None:
            self._servicer.model = found
            log("model changed", model=found.manifest.version)

    def _load(self) -> model.Model | None:
        directory = model.resolve(self._path)
        about = manifest.load(directory / "manifest.json")
        if about.version == self._servicer.model.manifest.version:
            return None
        return model.load(directory)
