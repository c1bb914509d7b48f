"""LightGBM by itself.

On import it looks for libraries whose tables and models it would take too. We hand it NumPy arrays
alone, and a host starts in a third of the time and the memory where such libraries are installed.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _unseen(*names: str) -> Iterator[None]:
    """Have imports of libraries fail, but of those that are in use."""
    hidden = {name: None for name in names if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None is how an import is forbidden
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _unseen("dask", "matplotlib", "pandas", "pyarrow", "sklearn"):
    import lightgbm as lgb

__all__ = ["lgb"]
