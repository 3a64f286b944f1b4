"""`GET /` and the files of the page: one document, two stylesheets and a few JavaScript modules, all of them ours.

Nothing in them depends on the log, so they need no token; what the page shows comes from calls that do. The policy
lets nothing run or load but these files, and Trusted Types refuses every attempt to make a document out of text.
"""

import hashlib
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim import bundled
from frontsim.errors import NotFound

ASSETS = "/_sim/page/assets/"
"""The files' paths begin so."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_TEMPLATE = Path(__file__).with_name("templates") / "page.html.jinja"


class PageRoutes:
    """Serves the page and its files; a browser asks each time whether its copy is still the newest."""

    def __init__(self, *, version: str) -> None:
        self._version = version
        self._names = {path.name: path for path in bundled.page_assets()}
        self._files: dict[str, bytes] = {}
        self.routes = [
            Route("/", self.page, methods=["GET"]),
            Route("/openapi.json", self.description, methods=["GET"]),
            Route(f"{ASSETS}{{name}}", self.file, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """The document, the same for every caller."""
        return _file(request, self._document, "text/html; charset=utf-8")

    async def file(self, request: Request) -> Response:
        """A stylesheet or a module. Raises NotFound."""
        name = request.path_params["name"]
        path = self._names.get(name)
        if path is None:
            raise NotFound(f"expected one of {', '.join(sorted(self._names))}, got {name[:64]}")
        if name not in self._files:
            self._files[name] = path.read_bytes()
        return _file(request, self._files[name], _TYPES[path.suffix])

    async def description(self, request: Request) -> Response:
        """The vendor's API as we serve it, in OpenAPI."""
        return _file(request, self._openapi, "application/json; charset=utf-8")

    @cached_property
    def _document(self) -> bytes:
        # imported when the page is first opened: no command's start should take the time for it
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

        environment = Environment(
            loader=FileSystemLoader(_TEMPLATE.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        return (
            environment.get_template(_TEMPLATE.name)
            .render(
                version=self._version,
                assets=ASSETS,
            )
            .encode()
        )

    @cached_property
    def _openapi(self) -> bytes:
        return (bundled.folder("contracts") / "openapi.json").read_bytes()


def _file(request: Request, content: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {**_HEADERS, "ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
