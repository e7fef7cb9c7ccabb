#!/usr/bin/env bash
# `optional: true` of a network configuration (version 2) says that a boot must not wait for the interface. cloud-init 22.4 drops it
# when it writes for systemd-networkd: a card without a cable holds the boot of a Debian 12 up until
# systemd-networkd-wait-online gives up. 25.1 writes RequiredForOnline=no.
#
# Seen: cloud-init 22.4.2 (Debian 12) and 25.1.4 (Debian 13). Needs: Debian 12, apt, python3, python3-yaml of the mirror.
# Nothing is installed on the host; cloud-init's renderer writes into a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The mirror that this host's apt uses, with lists of our own.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
for suite in bookworm trixie; do
  at="$folder/$suite"
  mkdir -p "$at"/{lists/partial,cache/archives/partial,root}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$at/sources.list"
  apt=(apt-get -q -o Dir::Etc::SourceList="$at/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$at/lists" -o Dir::Cache="$at/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update > "$at/log"
  packages=(cloud-init)
  [ "$suite" = bookworm ] && packages+=(python3-yaml python3-jsonschema python3-attr python3-pyrsistent python3-configobj python3-requests
    python3-urllib3 python3-idna python3-certifi python3-chardet python3-charset-normalizer python3-six python3-jinja2 python3-markupsafe)
  (cd "$at" && "${apt[@]}" download "${packages[@]}" >> log 2>&1 && for file in *.deb; do dpkg-deb -x "$file" root; done)
done

cat > "$folder/render.py" <<'PYTHON'
import sys
from cloudinit import util, version
from cloudinit.net import network_state, networkd
config = util.load_yaml("""
version: 2
ethernets:
  enp0s10:
    dhcp4: true
    optional: true
""")
target = sys.argv[1]
networkd.Renderer({}).render_network_state(network_state.parse_net_config_data(config), target=target)
print('cloud-init', version.version_string().split('-')[0])
PYTHON
for suite in bookworm trixie; do
  mkdir -p "$folder/out-$suite"
  PYTHONPATH="$folder/$suite/root/usr/lib/python3/dist-packages:$folder/bookworm/root/usr/lib/python3/dist-packages" \
    python3 "$folder/render.py" "$folder/out-$suite" 2> /dev/null | tee "$folder/version-$suite"
  cat "$folder/out-$suite"/etc/systemd/network/*.network
done

grep -qx "cloud-init 22.4.2" "$folder/version-bookworm" && grep -qx "cloud-init 25.1.4" "$folder/version-trixie" || { echo "other versions than those seen"; exit 1; }
if grep -q RequiredForOnline "$folder/out-bookworm"/etc/systemd/network/*.network; then echo "changed: 22.4 keeps optional"; exit 1; fi
grep -qx "RequiredForOnline=no" "$folder/out-trixie"/etc/systemd/network/*.network || { echo "changed: 25.1 drops optional"; exit 1; }
echo "22.4.2 drops optional: true, 25.1.4 keeps it"
