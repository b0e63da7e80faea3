"""Small books to build and to execute."""


def make_book(folder, pages, **execute):
    """Make a project of the given pages, {name: cells of code}, in a folder. Returns the folder."""
    import nbformat  # takes seconds: only the tests that need it wait
    import yaml

    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    (folder / "book").mkdir()
    for name, cells in pages.items():
        nb = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_markdown_cell(f"# {name}"), *map(nbformat.v4.new_code_cell, cells)],
            metadata={"kernelspec": kernel},
        )
        nbformat.write(nb, folder / "book" / f"{name}.ipynb")
    (folder / "book" / "index.md").write_text("# A small book\n")
    toc = {"format": "jb-book", "root": "book/index"}
    toc["parts"] = [{"caption": "All", "numbered": True, "chapters": [{"file": f"book/{n}"} for n in pages]}]
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc))
    config = {"title": "Small", "only_build_toc_files": True, "execute": {"timeout": 30} | execute}
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    return folder


def build_pages(folder, *extensions, **more):
    """Write the pages of a small project of Markdown with Sphinx. Returns their folder.

    `extensions` are some of the book's, `more` are settings.
    Fails on a warning, but for those that a second Sphinx in one process gives.
    """
    import io

    from sphinx.application import Sphinx

    out, warnings = folder / "out", io.StringIO()
    settings = {"extensions": ["myst_parser", *extensions], "myst_enable_extensions": ["dollarmath"], **more}
    Sphinx(folder, None, out, folder / "trees", "html", settings, status=None, warning=warnings).build()
    said = [line for line in warnings.getvalue().splitlines() if "already registered" not in line]
    assert not said, said
    return out
