"""The site file's `runs`: where runs go when nobody names a folder."""

from tests.packs import install, recipe_source, workbench_json


def start(tmp_path, home, *words):
    site = tmp_path / "site"
    if not site.exists():
        site.mkdir()
        modules = {"lab_squares": recipe_source("lab.squares")}
        install(site, "lab-squares", {"lab.squares": "lab_squares:recipe"}, modules)
    code, document = workbench_json("run", "start", "lab.squares", *words, site=site, home=home)
    assert code == 0, document
    workbench_json("run", "stop", document["run_id"], site=site, home=home)
    workbench_json("cluster", "stop", "local", site=site, home=home)
    return document["folder"]


def test_runs_go_where_the_site_keeps_them_and_elsewhere_by_word(tmp_path, home):
    home.mkdir(exist_ok=True)
    kept, named = tmp_path / "kept", tmp_path / "named"
    kept.mkdir()
    named.mkdir()
    (home / "site.toml").write_text(f'runs = "{kept}"\n')
    assert start(tmp_path, home).startswith(f"{kept}/")
    assert start(tmp_path, home, "--folder", named).startswith(f"{named}/")
