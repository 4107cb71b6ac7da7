"""What people read of a recipe: parameters, units, words."""

from __future__ import annotations

from typing import Any

import jsonschema

from workbench.recipe import TEXT, Output
from workbench.testing.suite import Suite
from workbench.testing.units import unit_problem

PICTURE_BYTES = 200_000


class SchemaTests(Suite):
    """Parameters and outputs say what they are, for forms, help and results."""

    def test_parameters_are_a_json_schema(self) -> None:
        """The form, the help and the check come from this schema."""
        schema = self.recipe.parameters.model_json_schema()
        jsonschema.Draft202012Validator.check_schema(schema)
        values = self.parameters().model_dump(mode="json")
        problems = [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(values)]
        assert not problems, f"the schema refuses values that the recipe takes: {problems}"

    def test_every_parameter_has_help_and_a_unit(self) -> None:
        """A form of bare names helps nobody."""
        problems = []
        for name, info in self.recipe.parameters.model_fields.items():
            extra: Any = info.json_schema_extra
            given = extra if isinstance(extra, dict) else {}
            if not (info.description or "").strip():
                problems.append(f"{name} has no help")
            if "unit" not in given:
                problems.append(f"{name} has no unit: declare it with workbench.parameter(...)")
            elif wrong := unit_problem(str(given["unit"])):
                problems.append(f"{name}: {wrong}")
        assert not problems, "; ".join(problems)

    def test_every_output_has_a_unit(self) -> None:
        """A number without a unit is none; ``"1"`` says that there is none."""
        problems = [p for output in self._outputs() for p in _unit_problems(output)]
        assert not problems, "; ".join(problems)

    def test_the_catalogue_can_show_it(self) -> None:
        """Title and version are there, and examples have names that can be typed."""
        problems = [n for n in ("title", "version") if not getattr(self.recipe, n).strip()]
        assert not problems, f"the recipe has no {' and no '.join(problems)}"
        names = [example.name for example in self.recipe.examples]
        assert len(set(names)) == len(names), f"two examples have one name: {names}"

    def test_its_picture_is_there_and_small(self) -> None:
        """The catalogue loads every picture at once, and says in words what it shows."""
        shown = self.recipe.picture
        if shown is None:
            return
        assert shown.file.is_file(), f"{shown.file} is not there: does the pack ship it?"
        size = shown.file.stat().st_size
        assert size <= PICTURE_BYTES, f"{shown.file.name} has {size} bytes, 200 kB is the most"
        assert shown.caption.strip(), f"say in `caption` what {shown.file.name} shows"

    def _outputs(self) -> list[Output]:
        found = [output for stage in self.recipe.stages for output in stage.outputs]
        return found + list(self.recipe.summary)


def _unit_problems(output: Output) -> list[str]:
    found = []
    for one in output.columns or ((output,) if output.kind != "file" else ()):
        if wrong := unit_problem(one.unit):
            found.append(f"{one.name}: {wrong}")
        elif one.dtype == TEXT and one.unit != "1":
            found.append(f"{one.name} is text and has the unit {one.unit!r}")
    return found
