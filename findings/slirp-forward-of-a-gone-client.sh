#!/usr/bin/env bash
# A TCP client that connects to a port which QEMU's user network forwards (hostfwd=tcp:...) is accepted at once, whatever the guest
# does. While the guest does not answer, the client may close its connection again: libslirp does not give up with it, but sends the
# guest its SYN again, seconds later, and completes the connection to a guest that has booted meanwhile. A server in that guest gets a
# client that has been gone for seconds, and may answer with work: an sshd starts a process for each.
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
program, folder = sys.argv[1:]

def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

mac, ip = bytes.fromhex('525400123456'), socket.inet_aton('10.0.2.15')
SYN, ACK = 2, 16

def arp_reply(frame):
    return frame[6:12] + mac + frame[12:20] + b'\0\x02' + mac + ip + frame[22:32]

def syn_ack(frame):
    """What a guest's kernel answers to that SYN."""
    tcp = frame[34:38]
    segment = tcp[2:4] + tcp[0:2] + struct.pack('!IIBBHHH', 1000, struct.unpack('!I', frame[38:42])[0] + 1, 5 << 4, SYN | ACK, 65535, 0, 0)
    pseudo = ip + frame[26:30] + struct.pack('!BBH', 0, 6, len(segment))
    segment = segment[:16] + struct.pack('!H', checksum(pseudo + segment)) + segment[18:]
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0, ip, frame[26:30])
    return frame[6:12] + mac + b'\x08\0' + head[:10] + struct.pack('!H', checksum(head)) + head[12:] + segment

with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
path = os.path.join(folder, 'card')
qemu = subprocess.Popen([program, '-machine', 'none', '-nographic', '-monitor', 'none', '-serial', 'none',
    '-netdev', f'user,id=slirp,hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:22',
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
    wire.settimeout(0.2)

    def send(frame):
        wire.sendall(struct.pack('!I', len(frame)) + frame)

    held = b''
    def frames(seconds):
        """What comes from the user network in that time, each frame once."""
        global held
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                held += wire.recv(65536)
            except TimeoutError:
                continue
            while len(held) >= 4 and len(held) >= 4 + (size := struct.unpack('!I', held[:4])[0]):
                frame, held = held[4:4 + size], held[4 + size:]
                if frame[12:14] == b'\x08\x06' and frame[20:22] == b'\0\x01' and frame[38:42] == ip:
                    send(arp_reply(frame))
                elif frame[12:14] == b'\x08\0' and frame[23] == 6:
                    yield frame

    # A guest says where it is before anything is sent to it.
    send(b'\xff' * 6 + mac + b'\x08\x06' + bytes.fromhex('0001080006040001') + mac + ip + b'\0' * 6 + ip)
    client = socket.create_connection(('127.0.0.1', port), 5)
    asked = sum(frame[47] == SYN for frame in frames(2))
    client.close()
    print(f"while its client was there, the guest was asked {'once' if asked == 1 else asked}")
    again, completed = 0, False
    for frame in frames(20):
        if frame[47] == SYN and not completed:
            again += 1
            send(syn_ack(frame))
        elif again and frame[47] & ACK:
            completed = True
            break
    print(f"after its client had gone, the guest was asked {'again' if again else 'no more'}, "
          f"and the connection was {'completed' if completed else 'not completed'}")
finally:
    qemu.terminate()
    qemu.wait()
PYTHON

qemu="$folder/root/usr/bin/qemu-system-x86_64"
{
  "$qemu" --version | head -n 1 | cut -d ' ' -f 1-4
  python3 "$folder/station.py" "$qemu" "$folder" 2>> "$folder/log"
} | tee "$folder/seen"

diff "$folder/seen" - <<'SEEN'
QEMU emulator version 7.2.22
while its client was there, the guest was asked once
after its client had gone, the guest was asked again, and the connection was completed
SEEN
