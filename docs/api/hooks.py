"""Fills the page of commands from the commands' own parsers when the site is built, so that it can't be out of date."""

from __future__ import annotations

import argparse
import importlib

from kbridge.commands import COMMANDS

PLACE = "<!-- commands -->"


def on_page_markdown(markdown: str, **kwargs) -> str:
    """Put the commands into the page that has a place for them."""
    return markdown.replace(PLACE, "\n".join(map(section, COMMANDS))) if PLACE in markdown else markdown


def section(command: str) -> str:
    """A command's heading, description and table of arguments."""
    subparsers = argparse.ArgumentParser(prog="kbridge").add_subparsers()
    importlib.import_module(f"kbridge.commands.{command}").add_parser(subparsers)
    parser = subparsers.choices[command]
    rows = [
        row(parser, action)
        for action in parser._actions
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)
    ]
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    table = "\n".join(["| argument | meaning |", "|---|---|", *rows]) if rows else "It takes no arguments."
    return f"## kbridge {command}\n\n{parser.description or COMMANDS[command]}\n\n```\n{usage}\n```\n\n{table}\n"


def row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """A line of the table."""
    value = parser._get_formatter()._format_args(action, action.metavar or (action.dest.upper() if action.option_strings else action.dest))
    name = ", ".join(action.option_strings) + (f" {value}" if value else "") if action.option_strings else value
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    return f"| `{name}` | {text} |".replace("\n", " ").replace("||", "| |")
