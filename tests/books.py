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
