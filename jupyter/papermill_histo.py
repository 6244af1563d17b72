"""papermill for this project's TypeScript notebooks: the same command line, with parameters.

    .venv/bin/python jupyter/papermill_histo.py notebooks/04-training.ipynb out.ipynb -p epochs 3

papermill has no plug-in point for the language of parameter cells, so this script registers TypeScript with it and then
is papermill. Values are assigned to the variables that the notebook's cell tagged `parameters` declares, so that the
kernel checks their types. The kernel is found, and Jupyter's files stay inside the project, without further settings.
"""

import json
import os
import re
import sys
from pathlib import Path

from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

DECLARATION = re.compile(
    r"^(?:let|var|const)\s+([A-Za-z_$][\w$]*)\s*(?::\s*([^=]+?))?\s*=\s*(.+?);?\s*(?://\s*(.*))?$", re.MULTILINE
)


class TypeScriptTranslator(Translator):
    """Writes and reads parameter cells in TypeScript. Values of any JSON type are possible, lists included."""

    @classmethod
    def translate(cls, value):
        return json.dumps(value, ensure_ascii=False)

    @classmethod
    def comment(cls, text):
        return f"// {text}".strip()

    @classmethod
    def codify(cls, parameters, comment="Parameters"):
        # In a block, because the value of a last expression is printed.
        lines = [f"  {name} = {cls.translate(value)};" for name, value in parameters.items()]
        return "\n".join(["{ " + cls.comment(comment), *lines, "}"])

    @classmethod
    def inspect(cls, parameters_cell):
        return [
            Parameter(name, (kind or "None").strip(), default, note or "")
            for name, kind, default, note in DECLARATION.findall(parameters_cell["source"])
        ]


papermill_translators.register("histo", TypeScriptTranslator)
papermill_translators.register("typescript", TypeScriptTranslator)


def use_project_folders():
    """Lets Jupyter find this project's kernel and keep its own files in the project instead of the home directory."""
    here = Path(__file__).resolve().parent
    paths = [str(here), *filter(None, os.environ.get("JUPYTER_PATH", "").split(os.pathsep))]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(dict.fromkeys(paths))
    own = here.parent / ".setup" / "jupyter"
    for variable, folder in {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }.items():
        os.environ.setdefault(variable, str(own / folder))


if __name__ == "__main__":
    use_project_folders()

    from papermill.cli import papermill

    sys.exit(papermill())
