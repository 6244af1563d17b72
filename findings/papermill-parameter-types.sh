#!/usr/bin/env bash
# papermill 2.7.0 gives a notebook the text 'false' for `-p augment false`, and any text is true in Python. With `-y 'augment: false'`
# the same word is False, but there `rate: 1e-3` is a text, which `-p rate 1e-3` makes a number.
#
# Expected: the same values from both, as the help describes both as parameters to pass.
# Why it matters: `if augment:` then augments in the run that is to do without, and its result is compared under the wrong name. The
# kernel of this project's notebooks refuses the text, because it checks types.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check papermill==2.7.0 nbformat==5.11.1
venv/bin/python - <<'PY'
import nbformat

cell = nbformat.v4.new_code_cell("augment, rate = True, 0.1", metadata={"tags": ["parameters"]})
kernel = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), "in.ipynb")
PY
venv/bin/papermill --version
prepare=(venv/bin/papermill --prepare-only --no-progress-bar in.ipynb)
"${prepare[@]}" words.ipynb -p augment false -p rate 1e-3 2>/dev/null
"${prepare[@]}" yaml.ipynb -y '{augment: false, rate: 1e-3}' 2>/dev/null
venv/bin/python - <<'PY'
import sys
import nbformat

values = {}
for name, way in (("words", "-p"), ("yaml", "-y")):
    values[way] = {}
    exec(nbformat.read(f"{name}.ipynb", 4).cells[1].source, values[way])
    print(f"{way}: augment = {values[way]['augment']!r}, which is {bool(values[way]['augment'])}; rate = {values[way]['rate']!r}")
words, yaml = (tuple(values[way][key] for key in ("augment", "rate")) for way in ("-p", "-y"))
sys.exit(0 if words == ("false", 0.001) and yaml == (False, "1e-3") else 1)
PY
