"""One switch for buttons that open a chapter's notebook on a machine of somebody else: `course_launch` in _config.yml.

Empty, as it comes, there are none: a page asks no other host for anything. With the address of a public repository of
the course, each notebook's page has a button for Binder and one for Colab. They are links, so that even then nothing is
asked before a reader presses one.
"""

from sphinx.errors import ConfigError

SERVICES = {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.research.google.com"}
HOSTS = ("https://github.com/", "https://gitlab.com/")


def theme_options(address: str, branch: str) -> dict:
    """What the theme is told; {} without an address. Raises ConfigError for what is not a public repository's."""
    if not address:
        return {}
    if not address.startswith(HOSTS) or len(address.rstrip("/").split("/")) != 5:
        raise ConfigError(
            f"course_launch is the address of a public repository, such as {HOSTS[0]}OWNER/NAME, not {address!r}."
        )
    services = {k: v for k, v in SERVICES.items() if k != "colab_url" or address.startswith(HOSTS[0])}
    return {
        "repository_url": address.rstrip("/"),
        "repository_branch": branch,
        "launch_buttons": {"notebook_interface": "jupyterlab", **services},
    }


def switch(app, config) -> None:
    options = theme_options(config.course_launch, config.course_launch_branch)
    config.html_theme_options = {**config.html_theme_options, **options}


def setup(app) -> dict:
    app.add_config_value("course_launch", "", "html", str)
    app.add_config_value("course_launch_branch", "main", "html", str)
    app.connect("config-inited", switch)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
