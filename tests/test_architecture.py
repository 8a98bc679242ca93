"""The house rules: floors, homes, a test module for each module, a recorded case for each plugin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UNTESTED = {"__init__", "__main__"}


def _modules(package: str) -> list[Path]:
    return sorted(
        path
        for path in (ROOT / package).rglob("*.py")
        if path.stem not in UNTESTED
        and "migrations" not in path.parts
        and not {"page", "node_modules"} & set(path.parts)
    )


def test_every_import_respects_the_floors() -> None:
    result = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-4000:]


def _kinds(package: str) -> list[str]:
    found = []
    for path in sorted((ROOT / package).iterdir()):
        if path.name.startswith(("_", ".")):
            continue
        if path.suffix == ".py" or (path / "__init__.py").exists():
            found.append(path.stem)
    return found


@pytest.mark.parametrize("kind", _kinds("connectors"))
def test_every_connector_has_a_recorded_case(kind: str) -> None:
    cases = ROOT / "tests" / "connectors" / "cases" / kind
    assert any(cases.glob("*/expected.json")), f"{kind}: no recorded case in {cases}"


@pytest.mark.parametrize("kind", _kinds("connectors") + _kinds("consumers"))
def test_every_plugin_offers_its_contract(kind: str) -> None:
    for package, names in (("connectors", ("Connector",)), ("consumers", ("Channel", "Follower"))):
        if kind in _kinds(package):
            module = __import__(f"{package}.{kind}", fromlist=["Settings"])
            assert hasattr(module, "Settings")
            assert any(hasattr(module, name) for name in names)


@pytest.mark.parametrize("module", _modules("hub"), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_has_its_test_module(module: Path) -> None:
    inner = module.relative_to(ROOT / "hub")
    expected = ROOT / "tests" / inner.parent / f"test_{inner.stem}.py"
    assert expected.exists(), f"hub/{inner} has no {expected.relative_to(ROOT)}"


@pytest.mark.parametrize("module", _modules("hub") + _modules("connectors") + _modules("consumers"), ids=str)
def test_every_module_says_what_it_is(module: Path) -> None:
    assert module.read_text(encoding="utf-8").lstrip().startswith(('"""', 'r"""')), module
