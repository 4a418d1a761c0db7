"""Files of kbridge are short enough for one purpose that their name tells: 400 lines at most, tables aside."""

from pathlib import Path

KBRIDGE = Path(__file__).parents[2] / "kbridge"
MOST = 400

#: Longer files, and why: only a table, which is read row by row, may be one.
TABLES: dict[str, str] = {}


def longer(folder: Path, most: int) -> dict[str, int]:
    """The Python files below ``folder`` that have more than ``most`` lines, with their numbers of lines."""
    counts = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")}
    return {path.relative_to(folder).as_posix(): count for path, count in counts.items() if count > most}


def test_no_file_but_a_table_is_long():
    found = longer(KBRIDGE, MOST)
    assert {path: count for path, count in found.items() if path not in TABLES} == {}
    assert [path for path in TABLES if path not in found] == []


def test_long_files_are_found(tmp_path):
    (tmp_path / "inside").mkdir()
    for name, lines in (("short.py", MOST), ("inside/long.py", MOST + 1)):
        (tmp_path / name).write_text("x = 1\n" * lines, encoding="utf-8")
    assert longer(tmp_path, MOST) == {"inside/long.py": MOST + 1}
