#!/usr/bin/env bash
# The QEMU guest agent cuts captured output at 16 MiB. Agent 7.2 says so in guest-exec-status (out-truncated: true);
# agent 10.0 says out-truncated: false for output that it has cut, and leaves the member out for output that is whole.
# A client that trusts the member takes the first 16 MiB for everything.
#
# Seen: 7.2 (Debian 12), 10.0.2 (bookworm-backports). Needs: Debian 12, apt, python3. Nothing is installed on the host.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The mirror that this host's apt uses, with lists of our own.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
mkdir -p "$folder"/{lists/partial,cache/archives/partial}
for suite in bookworm bookworm-backports; do
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >> "$folder/sources.list"
done
apt=(apt-get -q -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
"${apt[@]}" update > "$folder/log"

cat > "$folder/ask.py" <<'PYTHON'
import base64, json, os, socket, subprocess, sys, time
agent, folder = sys.argv[1:]
path = os.path.join(folder, 'agent.sock')
server = subprocess.Popen([agent, '-m', 'unix-listen', '-p', path, '-t', folder], stderr=subprocess.DEVNULL)
try:
    client = socket.socket(socket.AF_UNIX)
    for _ in range(100):
        try:
            client.connect(path)
            break
        except OSError:
            time.sleep(0.1)
    stream = client.makefile('rwb')
    def execute(command, arguments):
        stream.write(json.dumps({'execute': command, 'arguments': arguments}).encode() + b'\n')
        stream.flush()
        return json.loads(stream.readline())['return']
    for size in (1000, 20 * 2**20):
        pid = execute('guest-exec', {'path': '/usr/bin/head', 'arg': ['-c', str(size), '/dev/zero'], 'capture-output': True})['pid']
        while not (status := execute('guest-exec-status', {'pid': pid}))['exited']:
            time.sleep(0.1)
        print(f"{size} bytes: {len(base64.b64decode(status['out-data']))} came, out-truncated: {status.get('out-truncated', 'absent')}")
finally:
    server.terminate()
    server.wait()
PYTHON

for version in "1:7.2+dfsg-7+deb12u18+b3" "1:10.0.2+ds-2+deb13u1~bpo12+1"; do
  mkdir -p "$folder/$version"
  (cd "$folder/$version" && "${apt[@]}" download "qemu-guest-agent=$version" > "$folder/log" && dpkg -x ./*.deb .)
  "$folder/$version/usr/sbin/qemu-ga" --version
  python3 "$folder/ask.py" "$folder/$version/usr/sbin/qemu-ga" "$folder/$version"
done | tee "$folder/seen"

diff "$folder/seen" - <<'SEEN'
QEMU Guest Agent 7.2.22
1000 bytes: 1000 came, out-truncated: False
20971520 bytes: 16777216 came, out-truncated: True
QEMU Guest Agent 10.0.2
1000 bytes: 1000 came, out-truncated: absent
20971520 bytes: 16777216 came, out-truncated: False
SEEN
