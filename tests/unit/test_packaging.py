"""The four generic package names are ours alone, the tree keeps its bands, and the console's modules fit together."""

import ast
import importlib
import re
import tomllib
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("pipeline", "models", "camera_adapters", "search_api")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("name", PACKAGES)
def test_package_comes_from_this_distribution_alone(name: str) -> None:
    owners = {owner for owner in packages_distributions().get(name, []) if owner != "zhian"}
    assert not owners, f"another distribution ships a top-level {name}: {owners}"
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).parent == ROOT / name


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= 60, f"{node.name} has {lines} lines"


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for dependency in tomllib.loads(text)["project"]["dependencies"]:
        line = next(line for line in text.splitlines() if f'"{dependency}"' in line)
        assert "#" in line, f"{dependency} gives no reason"


CONSOLE = ROOT / "search_api" / "console"
MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(CONSOLE.glob("*.js"))}
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
EXPORTED = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
IMPORTED = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";', re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_console_finds_what_it_names(name: str) -> None:
    """There is no build step that would tell: a name missing or declared twice leaves the whole page dead."""
    text = MODULES[name]
    imported = [(each.strip(), source) for names, source in IMPORTED.findall(text) for each in names.split(",") if each]
    for each, source in imported:
        assert each in EXPORTED.findall(MODULES[source]), f"{source} exports no {each}"
    own = Counter([each for each, _ in imported] + DECLARED.findall(text))
    assert [each for each, count in own.items() if count > 1] == []


def test_every_part_a_module_asks_for_is_on_the_page() -> None:
    page = (CONSOLE / "index.html").read_text(encoding="utf-8")
    asked = {part for text in MODULES.values() for part in re.findall(r'byId\("([\w-]+)"\)', text)}
    there = re.findall(r' id="([\w-]+)"', page)
    assert asked <= set(there)
    assert len(there) == len(set(there)), "two parts of one name"
