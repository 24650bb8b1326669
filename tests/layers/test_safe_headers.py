"""What answers that Django does not make tell the browser."""

import pytest

from layers import safe_headers


@pytest.mark.unit
@pytest.mark.parametrize(("below", "told"), [(True, b"max-age=60; includeSubDomains"), (False, b"max-age=60")])
def test_a_tile_says_of_https_what_every_other_answer_says(settings, below, told):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 60, below

    assert dict(safe_headers.raw(safe_headers.NOTHING_POLICY))[b"strict-transport-security"] == told
