"""Small books to build."""

import nbformat
import pytest
import yaml


@pytest.fixture
def book(tmp_path):
    """Make a project of the given pages, {name: cells}; a cell is code. Returns its folder."""

    def make(pages, **execute):
        (tmp_path / "book").mkdir()
        for name, cells in pages.items():
            nb = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_markdown_cell(f"# {name}"), *map(nbformat.v4.new_code_cell, cells)],
                metadata={
                    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
                },
            )
            nbformat.write(nb, tmp_path / "book" / f"{name}.ipynb")
        (tmp_path / "book" / "index.md").write_text("# A small book\n")
        toc = {"format": "jb-book", "root": "book/index"}
        toc["parts"] = [
            {"caption": "All", "numbered": True, "chapters": [{"file": f"book/{n}"} for n in pages]}
        ]
        (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
        config = {"title": "Small", "only_build_toc_files": True, "execute": {"timeout": 30} | execute}
        (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
        return tmp_path

    return make
