import pytest

from workbench.testing.units import unit_problem


@pytest.mark.parametrize(
    "text",
    [
        "1", "eV", "GPa", "angstrom", "%", "kJ mol-1", "m s-1", "m/s", "m.s-2", "eV/angstrom^3",
        "eV angstrom**-3", "eV/(angstrom**3)", "J/(mol K)", "mol/kg/Pa", "1e-3 kg", "0.1 nm",
        "degree_Celsius", "bit", "Å", "µm", "°C", "W m^-2 (kg/(m s))",
    ],
)  # fmt: skip
def test_units_are_accepted(text):
    assert unit_problem(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "none", "N/A", "unitless", "Dimensionless", "-", "eV/", "/s", "m ^ 2", "(m", "m)",
        "m()", "[m]", "eV, GPa", "number of atoms?", " eV", "eV ", "m**", "in eV:",
    ],
)  # fmt: skip
def test_what_is_no_unit_is_told(text):
    assert repr(text) in unit_problem(text) or "empty" in unit_problem(text)
