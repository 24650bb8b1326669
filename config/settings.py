"""Everything that differs between machines, read from the environment and nowhere else."""

import importlib
import sys
from pathlib import Path

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured

from config.log_format import without_words
from spatial import datums

BASE_DIR = Path(__file__).resolve().parent.parent
# FileAwareEnv also reads X_FILE for every X, so secrets can come from files.
env = environ.FileAwareEnv()


def _wheel_library(package: str, stem: str) -> str:
    """Return the path of a C library that a wheel carries, e.g. GDAL inside rasterio.

    Debian 12's own GDAL 3.6 lacks the fix behind GeoDjango's check gis.W001; the one in the rasterio wheel has it.
    The package is imported first, because the library finds its neighbours only once they are loaded.
    """
    module = importlib.import_module(package)
    folder = Path(str(module.__file__)).parent.parent / f"{package}.libs"
    found = sorted(folder.glob(f"{stem}*.so*"))
    return str(found[0]) if found else ""


DEBUG = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules
SECRET_KEY = env.str("SECRET_KEY", default="only-for-tests-" * 4 if DEBUG or TESTING else "")
_problems = []
if len(SECRET_KEY) < 50:
    _problems.append("SECRET_KEY is missing or shorter than 50 characters; generate one, e.g. with `openssl rand -base64 60`.")
elif len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-"):
    _problems.append("SECRET_KEY is easily guessed; generate one, e.g. with `openssl rand -base64 60`.")
elif SECRET_KEY.startswith("only-for-") and env.str("PUBLIC_URL", default="").startswith("https://"):
    _problems.append("SECRET_KEY is one of the developers', which everybody knows; generate one, e.g. with `openssl rand -base64 60`.")
if not env.str("DATABASE_URL", default=""):
    _problems.append("DATABASE_URL is missing; it looks like postgis://user:password@host:5432/gridatlas.")
# 183 days: what the law asks of logs. More is a matter of policy and disk, less is a mistake.
AUDIT_KEEP_DAYS = env.int("AUDIT_KEEP_DAYS", default=400)
if AUDIT_KEEP_DAYS < 183:
    _problems.append(f"AUDIT_KEEP_DAYS is {AUDIT_KEEP_DAYS}; the audit is kept for 183 days at least.")
# "staff": everybody but customers signs in with a second factor, or sets one up before anything else.
SECOND_FACTOR = env.str("SECOND_FACTOR", default="off")
if SECOND_FACTOR not in ("off", "staff"):
    _problems.append(f"SECOND_FACTOR is {SECOND_FACTOR}; it is off or staff.")
PASSWORD_PROFILE = env.str("PASSWORD_PROFILE", default="modern")
if PASSWORD_PROFILE not in ("modern", "graded"):
    _problems.append(f"PASSWORD_PROFILE is {PASSWORD_PROFILE}; it is modern or graded.")
# A session ends so long after its last request; 0: only after SESSION_COOKIE_AGE, e.g. for the wall of a control room.
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=60)
if not 0 <= SESSION_IDLE_MINUTES <= 720:
    _problems.append(f"SESSION_IDLE_MINUTES is {SESSION_IDLE_MINUTES}; it is 0 (off) to 720.")
# The utility's own grids, beside the codes that everybody may name (spatial/datums.py): EPSG:3794,EPSG:5514.
OWN_CRS = env.list("OWN_CRS", default=[])
try:
    datums.allow(OWN_CRS)
except datums.UnknownDatum as error:
    _problems.append(f"OWN_CRS: {error}")
# One OpenID Connect issuer, by which people may sign in as well.
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_ID = env.str("OIDC_ID", default="sso")
OIDC_NAME = env.str("OIDC_NAME", default="Single sign-on")
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
# Group of the issuer = group (role, or role:team) here; e.g. grid-planners=planner,grid-north=planner:north.
OIDC_GROUP_MAP = env.dict("OIDC_GROUP_MAP", default={})
if OIDC_SERVER_URL and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    _problems.append("OIDC_SERVER_URL is set, but OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is missing.")
# The issuer's word is believed because TLS says who it is; a loopback address needs none.
if OIDC_SERVER_URL and not OIDC_SERVER_URL.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
    _problems.append("OIDC_SERVER_URL must begin with https://.")
if _problems:
    raise ImproperlyConfigured("GridAtlas cannot start:\n- " + "\n- ".join(_problems))

UTILITY_NAME = env.str("UTILITY_NAME", default="GridAtlas")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", default="")
HTTPS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "portal.apps.TablesConfig",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "rest_framework",
    "rest_framework_gis",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "spatial",
    "layers",
    "customers",
    "incidents",
    "analytics",
    "portal",
]
MIDDLEWARE = [
    "portal.middleware.SafeHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.AuditTrail",
    "portal.middleware.SessionGuard",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.RowSecurity",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The web process serves Django through a fixed pool of threads (see config/asgi.py), so a thread's connection is kept and reused.
DATABASES = {"default": {**env.db_url("DATABASE_URL"), "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}
DATABASES["default"]["ENGINE"] = "django.contrib.gis.db.backends.postgis"
# No statement takes a second core: starting its helpers costs 20 to 70 ms, more than a page takes, and that core belongs to other people.
_SESSION = "-c statement_timeout=30000 -c lock_timeout=5000 -c max_parallel_workers_per_gather=0"
DATABASES["default"].setdefault("OPTIONS", {}).update(connect_timeout=3, options=_SESSION)
# How a connection is called in pg_stat_activity: "gridatlas qcluster" is the worker, whose health is read there.
DATABASES["default"]["OPTIONS"]["application_name"] = (
    f"gridatlas {sys.argv[1] if sys.argv[0].endswith('manage.py') and sys.argv[1:] else 'web'}"
)
# The role as which the programs connect, when another one owns the tables (see deploy/roles.sql): migrations tell it what it may do.
DATABASE_APP_ROLE = env.str("DATABASE_APP_ROLE", default="gridatlas")
# The role as which it reads for people who only see what they hold; see layers/row_security.py.
DATABASE_PORTAL_ROLE = env.str("DATABASE_PORTAL_ROLE", default="gridatlas_portal")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
GDAL_LIBRARY_PATH = env.str("GDAL_LIBRARY_PATH", default=_wheel_library("rasterio", "libgdal")) or None
GEOS_LIBRARY_PATH = env.str("GEOS_LIBRARY_PATH", default=_wheel_library("shapely", "libgeos_c")) or None

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
Q_CLUSTER = {
    "name": "gridatlas",
    "orm": "default",
    "workers": env.int("WORKER_CONCURRENCY", default=1),
    "timeout": 600,
    "retry": 900,
    "max_attempts": 5,
    "poll": 1,
    "catch_up": False,
    "label": "Jobs",
}

# Rules for passwords: modern (OWASP ASVS 5.0) or graded (GB/T 22239, level 3); docs/decisions/0011-sign-in.md.
PASSWORD_PROFILES = {
    "modern": [
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    ],
    "graded": [
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        {"NAME": "portal.passwords.NotTheName"},
        {"NAME": "portal.passwords.ThreeKinds"},
        {"NAME": "portal.passwords.NotUsedLately"},
    ],
}
AUTH_PASSWORD_VALIDATORS = PASSWORD_PROFILES[PASSWORD_PROFILE]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"] if TESTING else ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
LOGIN_URL = "/sign-in"
SESSION_ENGINE = "layers.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
# The supervisor and the proxy ask these from beside the process, where there is no TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and env.bool("HSTS_SUBDOMAINS", default=True)
# To be on the browsers' preload list is a promise for the whole domain of the utility, which is not this program's to make.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Of django-allauth we use the second factors and the OpenID Connect client; its pages are not served (docs/decisions/0011-sign-in.md).
ACCOUNT_ADAPTER = "portal.allauth_adapters.Accounts"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "portal.allauth_adapters.SecondFactors"
MFA_TOTP_ISSUER = UTILITY_NAME
SOCIALACCOUNT_ADAPTER = "portal.allauth_adapters.Issuers"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": OIDC_ID,
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_SERVER_URL, "fetch_userinfo": False},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Where e-mails go: smtp+tls://user:password@host:587, or the worker's console.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="GridAtlas <gridatlas@localhost>")
INVITATION_HOURS = env.int("INVITATION_HOURS", default=72)

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
# Vite already names its files by content; WhiteNoise serves them straight from the finders, so no collectstatic is needed.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 60
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+[-.][0-9A-Za-z_-]{8,}\.(js|css|woff2|png|svg)$"

MAPPROXY_URL = env.str("MAPPROXY_URL", default="http://127.0.0.1:8010")
GRIDATLAS_BASEMAPS = env.str("GRIDATLAS_BASEMAPS", default="")
# A move beyond this distance is asked about once more before it is stored.
GUARD_DISTANCE_M = env.float("GUARD_DISTANCE_M", default=200.0)
# Per web process: memory for rendered tiles, and database connections that render them.
TILE_CACHE_MB = env.int("TILE_CACHE_MB", default=128)
TILE_CONNECTIONS = env.int("TILE_CONNECTIONS", default=8)
EVENT_RETENTION_ROWS = env.int("EVENT_RETENTION_ROWS", default=100_000)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.Token", "portal.api.authentication.Session"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.Json"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.errors.problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "GridAtlas",
    "DESCRIPTION": "Key customers of an electric utility on one live map.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "Grade": "customers.models.Grade",
        "BusinessClass": "customers.models.BusinessClass",
        "Status": "customers.models.Status",
        "PointSource": "spatial.models.PointSource",
        "MoveKind": "spatial.models.PointMove.Kind",
        "AreaKind": "spatial.models.Area.Kind",
        "BasemapKind": "layers.models.Basemap.Kind",
        "BasemapStatus": ["ok", "down"],
        "HistoryKind": "customers.api.messages.HISTORY_KINDS",
        "PasswordProfileName": ["modern", "graded"],
        "FoundKind": "customers.api.messages.FOUND_KINDS",
        "RowStatus": "customers.models.RowStatus",
        "ImportState": "customers.models.ImportState",
        "AssetKindName": "layers.api.network_imports.ASSET_KINDS",
        "FileCrsFrom": ["file", "guess"],
    },
}

# Addresses of people belong to the audit, where few may read them, not to the log.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
_JSON_LOGS = env.str("LOG_FORMAT", default="json") == "json"
_SHARED_LOG_STEPS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.ExceptionRenderer(without_words),
]
structlog.configure(
    processors=[
        *_SHARED_LOG_STEPS,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer() if _JSON_LOGS else structlog.dev.ConsoleRenderer(),
            "foreign_pre_chain": _SHARED_LOG_STEPS,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # What these say, `portal.middleware.RequestLog` says with the request's id and without what strangers wrote into it.
    "loggers": {"django.request": {"level": "CRITICAL"}, "django.security.DisallowedHost": {"level": "CRITICAL"}},
}
