"""The description of the API: OpenAPI for programs, and a page without scripts or external files for people."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from sutja.web.problems import ProblemDetails

METHODS = ("get", "post")


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description of an app's routes, with the schema of its error responses."""
    described = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, summary=None
    )
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schemas[ProblemDetails.__name__] = ProblemDetails.model_json_schema()
    return described


def render_docs(described: dict[str, Any]) -> str:
    """The description as one HTML page."""
    about = described["info"]
    operations = [
        _operation(path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]
    schemas = [_schema(name, schema) for name, schema in sorted(described["components"]["schemas"].items())]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(about['title'])}: API</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/docs.css"></head><body><main>'
        f"<h1>{escape(about['title'])} <small>{escape(about['version'])}</small></h1>"
        f"<p>{escape(about['description'])}</p>"
        '<p><a href="/openapi.json">openapi.json</a> · <a href="/">web page</a></p>'
        f"{''.join(operations)}<h2>Schemas</h2>{''.join(schemas)}</main></body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{escape(str(status))}</th><td>{escape(response['description'])}</td><td>{_contents(response)}</td></tr>"
        for status, response in sorted(operation["responses"].items())
    )
    parameters = "".join(
        f"<li><code>{escape(each['name'])}</code>: {escape(each.get('description', ''))}</li>"
        for each in operation.get("parameters", [])
    )
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code> {escape(operation['summary'])}</h2>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"{f'<ul>{parameters}</ul>' if parameters else ''}"
        f"{_body(operation.get('requestBody'))}<pre>{escape(_example(path, operation))}</pre>"
        f"<table><caption>Responses</caption>{rows}</table></section>"
    )


def _contents(response: dict[str, Any]) -> str:
    return ", ".join(f"{escape(kind)}: {_kind(each['schema'])}" for kind, each in response.get("content", {}).items())


def _kind(schema: dict[str, Any]) -> str:
    """The name of a type, with a link if it is a schema of the page."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "items" in schema:
        return f"list of {_kind(schema['items'])}"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    return escape(str(schema.get("const", schema.get("format", schema.get("type", "anything")))))


def _body(body: dict[str, Any] | None) -> str:
    if not body:
        return ""
    parts = []
    for kind, each in body["content"].items():
        schema = each["schema"]
        fields = ", ".join(
            f"<code>{escape(name)}</code>: {_kind(field)}" for name, field in schema.get("properties", {}).items()
        )
        parts.append(f"<li>{escape(kind)}: {fields or _kind(schema)}</li>")
    return f"<p>Request body, one of:</p><ul>{''.join(parts)}</ul>"


def _example(path: str, operation: dict[str, Any]) -> str:
    """A curl command that sends the request."""
    words = ["curl"]
    kinds = operation.get("requestBody", {}).get("content", {})
    form = kinds.get("multipart/form-data", {}).get("schema", {}).get("properties", {})
    if form:
        words += [f"-F {name}=@{name}.{'json' if 'items' in field else 'png'}" for name, field in form.items()]
    elif kinds:
        words += ["--json @digit.json"]
    return " ".join([*words, f"http://localhost:8000{path}"])


def _schema(name: str, schema: dict[str, Any]) -> str:
    fields = "".join(
        f"<tr><th><code>{escape(field)}</code></th><td>{_kind(each)}</td><td>{escape(each.get('description', ''))}</td>"
        "</tr>"
        for field, each in schema.get("properties", {}).items()
    )
    return (
        f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
        f"<table>{fields}</table></section>"
    )
