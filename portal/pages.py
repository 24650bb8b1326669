"""The one page of the application: the built front end's index, for every address that is not the server's own."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

NOT_BUILT = "The front end is not built yet. Run ./gridatlas up, or `npm run build` in frontend/."


@require_safe
@never_cache
def application(request: HttpRequest) -> HttpResponse:
    """Answer with the application's page; its scripts carry their content in their names and are cached for good."""
    page = settings.FRONTEND_DIST / "index.html"
    if not page.is_file():
        return HttpResponse(NOT_BUILT, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(page.read_bytes())
