"""The console for a WSGI server: ``FUNDGUARD_CONSOLE_STORE=STORE gunicorn console.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.django_settings")
application = get_wsgi_application()
