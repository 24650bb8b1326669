"""Run one installation of GridAtlas on one machine: its private cluster, its processes, its backups, its tests.

Standard library only, so that it works whatever state the application is in. No app imports it, and it imports no app.
"""
