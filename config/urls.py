"""Every address, gathered from the apps. Tiles, vector basemaps and sockets do not pass here: see config/asgi.py."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from layers.api.basemaps import imagery_tile
from layers.api.urls import maps_urlpatterns, ogc_urlpatterns
from portal import health, oidc, pages

# Whatever fails outside the API's doors is answered in their form all the same.
handler400 = "portal.api.errors.bad_request"
handler404 = "portal.api.errors.not_found"
handler500 = "portal.api.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/", include("portal.api.urls")),
    path("api/v1/", include("customers.api.urls")),
    path("api/v1/", include("layers.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="portal/api_docs.html")),
    path("ogc/features/", include(ogc_urlpatterns)),
    path("maps/", include(maps_urlpatterns)),
    path("imagery/<slug:key>/<int:z>/<int:x>/<int:y>.png", imagery_tile),
    path("oidc/<slug:provider_id>/login/", oidc.start, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", oidc.callback, name="openid_connect_callback"),
    # One way to sign in, with its throttle and its audit: the application's own page.
    path("admin/login/", RedirectView.as_view(url="/sign-in")),
    path("admin/", admin.site.urls),
    # An unknown address below the server's own prefixes is 404; everything else is a place inside the application.
    re_path(r"^(?!api/|admin/|static/|media/|tiles/|basemaps/|imagery/|maps/|ogc/|oidc/|ws/).*$", pages.application),
]
