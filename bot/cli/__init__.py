"""The `bot` command: a click group that loads each command only when it is called."""

from __future__ import annotations

import importlib

import click

# Lazily, so that `bot understand` does not pay for Flask and `bot --help` pays for nothing.
COMMANDS: dict[str, str] = {
    "audit": "bot.cli.audit:audit",
    "campaigns": "bot.cli.campaigns:campaigns",
    "check": "bot.cli.check:check",
    "corrections": "bot.cli.corrections:corrections",
    "db": "bot.cli.db:db",
    "demo": "bot.cli.demo:demo",
    "evaluate": "bot.cli.understanding:evaluate",
    "export": "bot.cli.exporting:export",
    "import": "bot.cli.importing:import_",
    "journeys": "bot.cli.journeys:journeys",
    "keys": "bot.cli.keys:keys",
    "languages": "bot.cli.languages:languages",
    "lessons": "bot.cli.lessons:lessons",
    "lint": "bot.cli.lint:lint",
    "needs": "bot.cli.resources:needs",
    "plan": "bot.cli.plan:plan",
    "reports": "bot.cli.reports:reports",
    "scheduler": "bot.cli.scheduler:scheduler",
    "tokens": "bot.cli.tokens:tokens",
    "understand": "bot.cli.understanding:understand",
    "users": "bot.cli.users:users",
    "waitlist": "bot.cli.waitlist:waitlist",
}


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None, which click reports as wrong usage (exit 2)."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bot", prog_name="bot")
def main() -> None:
    """Tendril: two-way texting for care coordinators."""
