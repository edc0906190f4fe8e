"""What a fault is, and which values JSON has. Loaded by schemathesis (SCHEMATHESIS_HOOKS).

schemathesis' own check takes every error for a fault of the server. Here a field that a role may not read is null with
an error (docs/front-end.md), so what counts is which error it is.
"""

import schemathesis
from hypothesis import strategies as st
from hypothesis_graphql import nodes

_texts = st.text(alphabet="abc {}[]\"'\\\u00e6\u20ac", max_size=8)
_leaves = st.one_of(
    st.booleans().map(nodes.Boolean),
    st.integers(-(2**31), 2**31 - 1).map(nodes.Int),
    _texts.map(nodes.String),
)
schemathesis.graphql.scalar("JSON", st.one_of(_leaves, st.lists(_leaves, max_size=3).map(nodes.List)))

OURS = {"INTERNAL", "TIMEOUT", "UNAVAILABLE"}


@schemathesis.check
def no_fault(ctx, response, case):
    # A crash: whatever the server says then is not JSON, or nothing.
    assert response.status_code < 500, f"status {response.status_code}"
    body = response.json()
    assert isinstance(body, dict), f"not an object: {body!r}"
    assert "data" in body or body.get("errors"), f"neither data nor errors: {body!r}"
    for error in body.get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code, f"an error without a code: {error}"
        assert code not in OURS, f"a fault of the server: {error}"
        # An error without a path means that nothing was executed. Of a document that fits the schema that is a fault of
        # whoever wrote the schema, unless it is too large.
        if case.meta.generation.mode.is_positive:
            assert "path" in error or code == "LIMIT_EXCEEDED", f"refused, although it fits the schema: {error}"
