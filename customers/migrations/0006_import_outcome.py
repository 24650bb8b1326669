from django.db import migrations, models

STATES = ("reading", "waiting", "checked", "nothing", "committing", "committed", "reverting", "reverted", "cancelled", "failed")
# Imports from before that were checked and have nothing to store are finished too.
FINISH = """
update customers_import set state = 'nothing' where state = 'checked' and (
    select coalesce(sum(value::int), 0) from jsonb_each_text(counts) where key in ('new', 'moved', 'changed', 'moved_and_changed')
) = 0
"""


class Migration(migrations.Migration):
    """An import says what came of it: that nothing is to change, and what was taken back."""

    dependencies = [("customers", "0005_imports")]

    operations = [
        migrations.AddField(
            "import", "taken_back", models.JSONField(default=dict, help_text="What taking it back undid: new, moved, changed.")
        ),
        migrations.AlterField(
            "import", "state", models.CharField(choices=[(state, state.capitalize()) for state in STATES], default="reading", max_length=12)
        ),
        migrations.RunSQL(FINISH, "update customers_import set state = 'checked' where state = 'nothing'"),
    ]
