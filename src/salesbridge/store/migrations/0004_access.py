# ruff: noqa: RUF012, D101 - written by makemigrations, but for the guards at the end

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from salesbridge.store.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0003_organisations"),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kid", models.CharField(max_length=64, unique=True)),
                ("public", models.JSONField()),
                ("sealed", models.BinaryField()),
                ("key_id", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("sign_from", models.DateTimeField()),
                ("sign_until", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApiClient",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("client_id", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("revoked", "Revoked")], default="active", max_length=10
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("rotated_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("cut_off_before", models.DateTimeField(blank=True, null=True)),
                (
                    "instance",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.instance"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApiPolicy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("paths", models.JSONField(blank=True, default=list)),
                ("headers", models.JSONField(blank=True, default=list)),
                ("internal_hosts", models.JSONField(blank=True, default=list)),
                ("calls_per_second", models.PositiveIntegerField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ClientSecret",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("current", "Current"),
                            ("retiring", "Retiring"),
                            ("retired", "Retired"),
                        ],
                        default="new",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("promoted_at", models.DateTimeField(blank=True, null=True)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.apiclient"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RevokedToken",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("jti", models.CharField(max_length=64)),
                ("revoked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="store.apiclient"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.tenant"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApiCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("client_id", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("request_id", models.CharField(max_length=128)),
                ("trace_id", models.CharField(max_length=32)),
                ("method", models.CharField(max_length=10)),
                ("path", models.CharField(max_length=500)),
                ("status", models.PositiveSmallIntegerField()),
                ("outcome", models.CharField(max_length=40)),
                ("received", models.PositiveBigIntegerField()),
                ("sent", models.PositiveBigIntegerField()),
                ("milliseconds", models.PositiveIntegerField()),
                (
                    "instance",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="store.instance",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="store.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["tenant", "-at"], name="call_latest"),
                    models.Index(fields=["at"], name="call_by_age"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="apiclient",
            index=models.Index(fields=["cut_off_before"], name="client_cut_off"),
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("instance", "name"), name="one_active_client"
            ),
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="apiclient_of_tenant"),
        ),
        migrations.AddConstraint(
            model_name="apipolicy",
            constraint=models.UniqueConstraint(fields=("tenant",), name="one_api_policy"),
        ),
        migrations.AddConstraint(
            model_name="clientsecret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "new")), fields=("client",), name="one_new_secret"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientsecret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "current")), fields=("client",), name="one_current_secret"
            ),
        ),
        migrations.AddIndex(
            model_name="revokedtoken",
            index=models.Index(fields=["expires_at"], name="revoked_until"),
        ),
        migrations.AddConstraint(
            model_name="revokedtoken",
            constraint=models.UniqueConstraint(fields=("client", "jti"), name="revoked_once"),
        ),
        migrations.RunSQL(_guards.ACCESS_SAME_TENANT),
    ]
