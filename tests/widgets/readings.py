"""Numbers that labs show."""


def reading(page, name: str) -> float:
    """The number beside a name in the list of a lab's page."""
    title = page.locator("dt").get_by_text(name, exact=True)
    text = page.locator("dl.readings > div", has=title).locator("dd").inner_text()
    return float(text.replace("−", "-").replace("+∞", "inf"))
