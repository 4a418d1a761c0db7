"""The commands in the documentation are commands that exist, and what it writes for nginx, systemd and containers is well-formed."""

import argparse
import importlib
import json
import re
import shlex
import shutil
import subprocess

import pytest
from processes import ROOT

from kbridge.commands import COMMANDS

PAGES = {page: page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def fences(text):
    """What stands in the page's blocks of code."""
    return re.findall(r"^```[a-z]*\n(.*?)^```", text, re.M | re.S)


def section(title):
    """The first block below a title of the page on serving."""
    return fences(SERVING.split(f"\n## {title}\n")[1])[0]


def commands():
    """(page, words) of each command line of kbridge in a block of code, in a unit or in a container file."""
    for page, text in PAGES.items():
        for block in fences(text):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("ENTRYPOINT "):
                    words = json.loads(line.removeprefix("ENTRYPOINT "))
                else:
                    found = re.match(r"(?:\$ |ExecStart=/\S*/)?(kbridge .*)", line)
                    words = shlex.split(found[1], comments=True) if found else []
                # a placeholder or an output isn't a command
                if len(words) > 2 and words[0] == "kbridge" and words[1] in COMMANDS and "..." not in words:
                    yield page.name, words


class Parser(argparse.ArgumentParser):
    """Raises where the command would say what is wrong and end."""

    def error(self, message):
        raise ValueError(message)


def parser_of(command):
    found = Parser(prog="kbridge")
    importlib.import_module(f"kbridge.commands.{command}").add_parser(found.add_subparsers())
    return found


def test_commands_of_the_pages_have_flags_that_exist():
    wrong, seen = [], set()
    for page, words in commands():
        seen.add((page, words[1]))
        try:
            parser_of(words[1]).parse_args(words[1:])
        except ValueError as error:
            wrong.append((page, " ".join(words), str(error)))
    assert not wrong
    assert {("serving.md", "serve"), ("predict.md", "predict")} <= seen


@pytest.mark.parametrize("command, page", [("serve", "serving.md"), ("predict", "predict.md")])
def test_flags_that_a_page_names_exist(command, page):
    (action,) = [a for a in parser_of(command)._actions if isinstance(a, argparse._SubParsersAction)]
    known = set(action.choices[command]._option_string_actions)
    named = set(re.findall(r"`(--[a-z-]+)", (ROOT / "docs" / page).read_text(encoding="utf-8")))
    assert len(named) > 5 and named <= known, named - known


def test_nginx_takes_its_configuration(tmp_path):
    nginx, openssl = shutil.which("nginx") or shutil.which("/usr/sbin/nginx"), shutil.which("openssl")
    if not nginx or not openssl:
        pytest.skip("no nginx or no openssl here")
    key, certificate = tmp_path / "models.key", tmp_path / "models.pem"
    subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                    "-subj", "/CN=models.example.org", "-keyout", key, "-out", certificate], check=True, capture_output=True)  # fmt: skip
    text = section("Behind nginx")
    for name, path in (("/etc/ssl/certs/models.pem", certificate), ("/etc/ssl/private/models.key", key)):
        assert name in text
        text = text.replace(name, str(path))
    config = tmp_path / "nginx.conf"
    config.write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{text}}}\n")
    done = subprocess.run([nginx, "-t", "-c", config, "-p", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_systemd_takes_its_unit(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    program = tmp_path / "kbridge"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "kbridge.service"
    unit.write_text(section("As a service").replace("/opt/kbridge/bin/kbridge", str(program)))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert "kbridge" not in done.stderr, done.stderr


def test_the_container_file_has_instructions_of_their_form():
    lines = [line.split(" ", 1) for line in section("In a container").splitlines()]
    assert [name for name, _ in lines] == ["FROM", "COPY", "RUN", "COPY", "USER", "EXPOSE", "ENTRYPOINT"]
    found = dict(lines)
    assert shlex.split(found["RUN"])[-1] == "/src/kbridge[serve,images]"
    *copied, folder = found["COPY"].split()
    assert folder.endswith("/")
    entry = json.loads(found["ENTRYPOINT"])
    # what it serves is what it copies, and its other machines need the port
    assert entry[2].partition("=")[2].removeprefix(folder) in copied
    assert parser_of("serve").parse_args(entry[1:]).port == int(found["EXPOSE"])
