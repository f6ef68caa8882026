"""Generated files are up to date, and one that is not is named."""

from pathlib import Path

import pytest

from tools.build import CHECKOUT
from tools.generate import __main__ as generate


@pytest.mark.long
def test_no_file_is_out_of_date() -> None:
    made = generate.files()
    assert [str(path) for path in generate.behind(made)] == [], "`make generate` writes them again"
    names = {str(path.relative_to(CHECKOUT)) for path in made}
    assert names > {"README.md", "chart/README.md", "service/openapi.json", "service/waybill.schema.json"}
    scenarios = len(list(CHECKOUT.glob("tests/chart/scenarios/*/golden.yaml")))
    assert len([name for name in names if name.endswith("golden.yaml")]) == scenarios > 0


def test_a_file_that_is_out_of_date_is_named_and_then_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, same, new = (tmp_path / name for name in ("old", "same", "new"))
    old.write_text("before")
    same.write_text("same")
    monkeypatch.setattr(generate, "CHECKOUT", tmp_path)
    monkeypatch.setattr(generate, "files", lambda: {old: "after", same: "same", new: "new"})
    with pytest.raises(SystemExit, match=r"`make generate` writes them again:\n  old\n  new$"):
        generate.main(["--check"])
    assert old.read_text() == "before"
    generate.main([])
    assert (old.read_text(), new.read_text()) == ("after", "new")
    assert capsys.readouterr().out == "Written:\n  old\n  new\n"
    generate.main(["--check"])
