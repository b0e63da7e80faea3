"""What a wheel takes along of the checkout: see `course_lib.paths.shipped`."""

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("zoo", "records", "exercises")


class Shipped(BuildHookInterface):
    """An editable installation reads these folders in the checkout itself, so only a real wheel has copies."""

    def initialize(self, version, build_data):
        if version == "standard":
            build_data["force_include"] |= {name: f"course_lib/shipped/{name}" for name in SHIPPED}
