#!/usr/bin/env bash
# A client writes a few QMP commands with "quit" behind them, and reads the answers from a pipe. QEMU answers in the order of the
# commands, but one that quits does not wait until its monitor's output has gone out: of a long answer the reader gets what the pipe
# held when QEMU ended, in the middle of a word, and no answer to "quit", while the exit code is 0. Into a file all of it is written.
# docs/interop/qmp-spec says that the server replies to each command; nothing says that a reply may be cut.
#
# Seen: QEMU 7.2.22 (Debian 12) and 10.0.13 (Debian 13). Needs: Debian 12 on amd64, apt, python3. Nothing is installed on the host.
# No guest runs: the machine type is none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The mirrors that this host's apt uses, with lists of our own.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')

cat > "$folder/client.py" <<'PYTHON'
import json, subprocess, sys, time
program, output = sys.argv[1:]
commands = ''.join(json.dumps({'execute': name, 'id': name}) + '\n' for name in ['qmp_capabilities', 'query-qmp-schema', 'quit'])
words = [program, '-no-user-config', '-nodefaults', '-machine', 'none', '-display', 'none', '-S', '-qmp', 'stdio']
with open(output, 'w+b') as file:
    to = subprocess.PIPE if output == '/dev/null' else file
    qemu = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=to)
    qemu.stdin.write(commands.encode())
    qemu.stdin.flush()
    if to is file:
        code = qemu.wait(60)
        file.seek(0)
        said = file.read()
    else:
        time.sleep(3)  # a client that has something else to do
        said = qemu.stdout.read()
        code = qemu.wait(60)
whole = said.endswith(b'\n') and all(json.loads(line) for line in said.splitlines() if line.strip())
quit = 'answered' if b'"id": "quit"' in said else 'not answered'
print(f'exit code {code}, {len(said)} bytes, {"whole" if whole else "cut"}, quit {quit}')
PYTHON

check() { # suite, version of QEMU's package, version that it says
  local at="$folder/$1"
  mkdir -p "$at"/{lists/partial,cache/archives/partial,root}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" > "$at/sources.list"
  : > "$at/status" # as if nothing were installed: QEMU comes with all of its libraries
  local apt=(apt-get -q -y -o Dir::Etc::SourceList="$at/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$at/lists" -o Dir::State::status="$at/status" -o Dir::Cache="$at/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update > "$at/log"
  "${apt[@]}" install --download-only --no-install-recommends "qemu-system-x86=$2" >> "$at/log"
  for file in "$at"/cache/archives/*.deb; do dpkg-deb -x "$file" "$at/root"; done
  local loader
  loader=$(find "$at/root" -name ld-linux-x86-64.so.2 -type f -o -name ld-linux-x86-64.so.2 -type l | head -1)
  cat > "$at/qemu" <<SH
#!/bin/sh
export QEMU_MODULE_DIR="$at/root/usr/lib/x86_64-linux-gnu/qemu"
exec "$loader" --library-path "$at/root/usr/lib/x86_64-linux-gnu:$at/root/lib/x86_64-linux-gnu" "$at/root/usr/bin/qemu-system-x86_64" "\$@"
SH
  chmod +x "$at/qemu"
  "$at/qemu" --version | grep -q "version $3" || { echo "another version than the one seen"; exit 1; }
  local piped filed
  piped=$(python3 "$folder/client.py" "$at/qemu" /dev/null)
  filed=$(python3 "$folder/client.py" "$at/qemu" "$at/answers")
  echo "QEMU $3, a pipe that is read late: $piped"
  echo "QEMU $3, a file:                   $filed"
  [[ $piped == "exit code 0, "*"bytes, cut, quit not answered" && $filed == "exit code 0, "*"bytes, whole, quit answered" ]] || { echo "changed"; exit 1; }
}
check bookworm 1:7.2+dfsg-7+deb12u18+b3 7.2.22
check trixie 1:10.0.13+ds-0+deb13u1 10.0.13
