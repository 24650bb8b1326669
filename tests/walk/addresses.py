"""Every address of the server, read from its resolver, and every command's body, read from its OpenAPI document.

Nothing is listed here by hand but sample values for the parameters: an address with a parameter that has none fails the walk,
so a new address is either covered or noticed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from drf_spectacular.generators import SchemaGenerator

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# The patterns written as regular expressions, and addresses that they match.
_BY_EXPRESSION = {
    "^(?P<app_label>layers|customers|auth)/$": ["auth/", "layers/"],
    "(?P<url>.*)$": ["customers/account/", "spatial/point/"],
    "^(?!api/|admin/|static/|media/|tiles/|basemaps/|imagery/|maps/|ogc/|oidc/|ws/).*$": ["", "customers/{account_id}"],
}


class NoSample(AssertionError):
    """An address has a parameter for which the walk knows no value."""


def patterns() -> list[str]:
    """Return every pattern of the resolver, such as api/v1/customers/<int:account_id>."""
    return list(dict.fromkeys(_patterns(get_resolver(), "")))


def _patterns(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern) and isinstance(entry.pattern, RegexPattern):
            expression = str(entry.pattern)
            if expression not in _BY_EXPRESSION:
                raise NoSample(f"The walk knows no address for the expression {prefix}{expression}")
            yield from (prefix + address.replace("{account_id}", "<int:account_id>") for address in _BY_EXPRESSION[expression])
        else:
            yield prefix + str(entry.pattern)


def addresses(samples: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return every address: each pattern with every sample value of its parameters in turn."""
    return [f"/{address}" for pattern in patterns() for address in _filled(pattern, samples)]


def _filled(pattern: str, samples: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    names = _PARAMETER.findall(pattern)
    missing = [name for name in names if name not in samples]
    if missing:
        raise NoSample(f"The walk knows no sample value for “{missing[0]}” of {pattern}: add one to SAMPLES.")
    # In turn, not every combination: what matters is that each foreign object is tried at each place.
    for number in range(max((len(samples[name]) for name in names), default=1)):
        values = {name: str(samples[name][number % len(samples[name])]) for name in names}
        yield _PARAMETER.sub(lambda match, values=values: values[match[1]], pattern)


class Bodies:
    """Bodies for commands, made from the OpenAPI document."""

    def __init__(self, samples: Mapping[str, Any]) -> None:
        self._schema = SchemaGenerator().get_schema(request=None, public=True)
        self._samples = samples
        self._commands = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path).replace(".", r"\.") + "$"), method.upper(), operation)
            for path, operations in self._schema["paths"].items()
            for method, operation in operations.items()
            if isinstance(operation, dict) and "requestBody" in operation
        ]

    def of(self, method: str, address: str) -> list[Any]:
        """Return an empty body, and one with every field that the document names."""
        found: list[Any] = [{}]
        for expression, verb, operation in self._commands:
            if verb == method and expression.fullmatch(address):
                content = operation["requestBody"]["content"]
                # A door that takes a file names no JSON; what it answers to none is walked all the same.
                if "application/json" in content:
                    found.append(self._value("", content["application/json"]["schema"]))
        return found

    def _value(self, name: str, schema: dict[str, Any]) -> Any:
        if name in self._samples:
            return self._samples[name]
        if "$ref" in schema:
            return self._value(name, self._schema["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
        for many in ("allOf", "oneOf", "anyOf"):
            if many in schema:
                return self._value(name, schema[many][0])
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return {key: self._value(key, field) for key, field in schema.get("properties", {}).items() if not field.get("readOnly")}
        if kind == "array":
            return [self._value(name, schema["items"])]
        plain: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "string": "x"}
        return plain[kind]
