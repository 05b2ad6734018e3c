"""What the database was brought up by."""

from django.db import models


class SchemaMigration(models.Model):
    """An applied migration: a view over Django's own record. Django does not measure how long one took."""

    id = models.BigIntegerField(primary_key=True)
    version = models.CharField(max_length=511)
    """app and name, `tasks.0001_initial`"""
    description = models.CharField(max_length=255)
    installed_on = models.DateTimeField()
    execution_time_ms = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "schema_migrations"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.version
