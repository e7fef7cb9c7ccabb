#!/usr/bin/env bash
# QEMU says of `-netdev user` that restrict=on "does not affect any explicitly set forwarding rules" (qemu-system(1)). With a rule
# for UDP (hostfwd=udp:...) what a client sends does reach the guest, but libslirp drops all datagrams of a restricted guest, the
# answer among them: the client hears nothing. TCP is forwarded both ways.
#
# Seen: QEMU 7.2 with libslirp 4.7.0 (Debian 12). Needs: Debian 12 on amd64, apt, python3. Nothing is installed on the host.
# No guest runs: a hub connects the user network to a socket, at which Python is the station 10.0.2.15.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The mirror that this host's apt uses, with lists of our own.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
mkdir -p "$folder"/{lists/partial,cache/archives/partial,root}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" > "$folder/sources.list"
apt=(apt-get -q -y -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
"${apt[@]}" update > "$folder/log"
# With whatever libraries this host lacks.
"${apt[@]}" install --download-only --no-install-recommends --reinstall --allow-downgrades \
  "qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3" "qemu-system-common=1:7.2+dfsg-7+deb12u18+b3" "libslirp0=4.7.0-1" >> "$folder/log"
for file in "$folder"/cache/archives/*.deb; do dpkg-deb -x "$file" "$folder/root"; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/lib/x86_64-linux-gnu"

cat > "$folder/station.py" <<'PYTHON'
import os, socket, struct, subprocess, sys, time
program, restrict, folder = sys.argv[1:]

def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

mac, ip = bytes.fromhex('525400123456'), socket.inet_aton('10.0.2.15')

def answer(frame):
    kind = frame[12:14]
    if kind == b'\x08\x06' and frame[20:22] == b'\0\x01' and frame[38:42] == ip:  # ARP: who has 10.0.2.15?
        return frame[6:12] + mac + frame[12:20] + b'\0\x02' + mac + ip + frame[22:32]
    if kind == b'\x08\0' and frame[23] == 17 and frame[30:34] == ip:  # UDP: back to where it came from
        size = struct.unpack('!H', frame[38:40])[0]
        udp = frame[36:38] + frame[34:36] + struct.pack('!HH', size, 0) + frame[42:34 + size].upper()
        head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + size, 1, 0, 64, 17, 0, ip, frame[26:30])
        head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
        return frame[6:12] + mac + b'\x08\0' + head + udp

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
path = os.path.join(folder, 'card')
qemu = subprocess.Popen([program, '-machine', 'none', '-nographic', '-monitor', 'none', '-serial', 'none',
    '-netdev', f'user,id=slirp,restrict={restrict},hostfwd=udp:127.0.0.1:{port}-10.0.2.15:7',
    '-netdev', f'stream,id=wire,server=on,addr.type=unix,addr.path={path}',
    '-netdev', 'hubport,id=one,hubid=0,netdev=slirp', '-netdev', 'hubport,id=two,hubid=0,netdev=wire'])
try:
    wire = socket.socket(socket.AF_UNIX)
    for _ in range(100):
        try:
            wire.connect(path)
            break
        except OSError:
            time.sleep(0.1)
    # A guest says where it is before anything is sent to it.
    hello = b'\xff' * 6 + mac + b'\x08\x06' + bytes.fromhex('0001080006040001') + mac + ip + b'\0' * 6 + ip
    wire.sendall(struct.pack('!I', len(hello)) + hello)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(('127.0.0.1', port))
    client.settimeout(0.1)
    wire.settimeout(0.1)
    came, back, held = 0, None, b''
    for _ in range(20):
        if not came:
            client.send(b'ping')
        try:
            held += wire.recv(65536)
        except TimeoutError:
            pass
        while len(held) >= 4 and len(held) >= 4 + (size := struct.unpack('!I', held[:4])[0]):
            frame, held = held[4:4 + size], held[4 + size:]
            reply = answer(frame)
            if reply:
                came += frame[12:14] == b'\x08\0'
                wire.sendall(struct.pack('!I', len(reply)) + reply)
        try:
            back = client.recv(100)
            break
        except (TimeoutError, ConnectionRefusedError):
            pass
    print(f"restrict={restrict}: the guest got {'it' if came else 'nothing'}, the client got {back.decode() if back else 'nothing'}")
finally:
    qemu.terminate()
    qemu.wait()
PYTHON

qemu="$folder/root/usr/bin/qemu-system-x86_64"
{
  "$qemu" --version | head -n 1 | cut -d ' ' -f 1-4
  for restrict in off on; do
    mkdir "$folder/$restrict"
    python3 "$folder/station.py" "$qemu" "$restrict" "$folder/$restrict" 2>> "$folder/log"
  done
} | tee "$folder/seen"

diff "$folder/seen" - <<'SEEN'
QEMU emulator version 7.2.22
restrict=off: the guest got it, the client got PING
restrict=on: the guest got it, the client got nothing
SEEN
