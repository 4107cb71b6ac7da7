"""Names that are nearly right."""

from workbench.errors import did_you_mean


def test_a_name_in_other_case_is_near():
    assert did_you_mean("EMT", ["tersoff-si", "emt"]) == " Did you mean 'emt'?"
    assert did_you_mean("emt", ["EMT"]) == " Did you mean 'EMT'?"
    assert did_you_mean("xyz", ["emt"]) == ""
