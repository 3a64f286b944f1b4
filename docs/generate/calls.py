"""The calls of both APIs: the vendor's by its OpenAPI document, those under /_sim by their routes."""

import ast
from collections.abc import Iterator

import orjson

from docs.generate.markdown import table
from docs.generate.place import ROOT
from frontsim import bundled

_OPERATIONS = ("get", "post", "put", "delete")


def vendor_calls() -> str:
    """The vendor's operations as the simulator serves them."""
    document = orjson.loads((bundled.folder("contracts") / "openapi.json").read_bytes())
    rows = []
    for path, operations in document["paths"].items():
        for method in _OPERATIONS:
            if method in operations:
                found = operations[method]
                answer = found["responses"].get("200", found["responses"].get("204")).get("x-provenance", "")
                says = f"{found['summary']}. {found['description']}"
                sure = f"{found['x-provenance']}. Answer: {answer}"
                rows.append([f"`{method.upper()} {path}`", f"`{found['operationId']}`", says, sure])
    return table(["call", "operation", "does", "how sure"], rows)


def control_calls() -> str:
    """Every call under `/_sim`, with its handler's docstring."""
    sources = sorted((ROOT / "simulator" / "frontsim" / "api").glob("*.py"))
    rows = [row for source in sources for row in _routes(ast.parse(source.read_text("utf-8")))]
    return table(["call", "does"], sorted(rows, key=lambda row: row[0].strip("`").split()[::-1]))


def _routes(module: ast.Module) -> Iterator[tuple[str, str]]:
    """`Route("/_sim/stats", self.stats, methods=["GET"])`, wherever it stands in a class."""
    for owner in (each for each in module.body if isinstance(each, ast.ClassDef)):
        says = {each.name: ast.get_docstring(each) for each in owner.body if isinstance(each, ast.AsyncFunctionDef)}
        for call in (each for each in ast.walk(owner) if isinstance(each, ast.Call)):
            match call:
                case ast.Call(
                    func=ast.Name(id="Route"),
                    args=[ast.Constant(value=str(path)), ast.Attribute(attr=handler)],
                    keywords=[ast.keyword(arg="methods", value=ast.List(elts=[ast.Constant(value=str(method))])), *_],
                ) if path.startswith("/_sim"):
                    docstring = says.get(handler)
                    if not docstring:
                        raise ValueError(f"{method} {path}: give {handler} a docstring that says what the call does")
                    yield f"`{method} {path}`", docstring.split("\n\n")[0]
