import { shellQuoteAll } from '@goqemu/core';

/** What changes by itself on a machine that nothing is done to. A folder is left out with all that is below it. */
export const ignoredPaths: readonly string[] = [
  ...[
    '/proc',
    '/sys',
    '/dev',
    '/run',
    '/tmp',
    '/var/tmp',
    '/var/log',
    '/var/run',
    '/var/lock',
    '/var/cache',
    '/var/spool',
  ],
  // What package managers and services note for themselves; packages are compared by name and version.
  ...[
    '/var/lib/apt',
    '/var/lib/dpkg',
    '/var/lib/rpm',
    '/usr/lib/sysimage/rpm',
    '/var/lib/dnf',
    '/lib/apk',
    '/usr/lib/apk',
  ],
  ...['/var/lib/systemd', '/var/lib/logrotate', '/var/lib/dhcp', '/var/lib/chrony', '/var/lib/ntp', '/var/lib/cloud'],
  ...['/etc/ld.so.cache', '/etc/mtab', '/lost+found', '/swapfile', '/swap.img'],
];

/** The same, wherever it is. A line break or a tab in a name would make two entries of one. */
export const ignoredNames: readonly string[] = ['__pycache__', '.cache', '.bash_history', '.ash_history', '*[\n\t]*'];

const prune = [
  ...ignoredPaths.flatMap((path) => ['-o', '-path', path]),
  ...ignoredNames.flatMap((name) => ['-o', '-name', name]),
].slice(1);

/** What packages own, but for /usr/local: there size and time of change stand for the content, as in rsync's quick check. */
const packaged = ['/usr/*', '/boot/*', '/lib/*', '/lib32/*', '/lib64/*', '/bin/*', '/sbin/*']
  .flatMap((path) => ['-o', '-path', path])
  .slice(1);

/**
 * An entry a line: path, target of a link, what it is, when it changed, with tabs between. GNU's find says all of it by
 * itself; elsewhere stat does, in whole seconds, so that a baseline ends after the second in which it was read.
 * Both ways never meet: a comparison goes the way of its baseline, \`$how\`.
 */
const functions = `disks() {
awk '$3 ~ /^(ext[234]|xfs|btrfs|vfat|f2fs|zfs|jfs|overlay)$/ && $2 !~ /\\\\/ && !seen[$2]++ { print $2 }' /proc/self/mounts
}
walk() {
if [ "$how" = gnu ]; then
find "$@" -xdev '(' ${shellQuoteAll(prune)} ')' -prune -o -printf '%p\\t%l\\t%y %m %U %G %s\\t%T@ %C@ %i\\n'
else
find "$@" -xdev '(' ${shellQuoteAll(prune)} ')' -prune -o -type l -exec sh -c 'for l; do
printf "%s\\t%s\\t%s\\n" "$l" "$(readlink "$l")" "$(stat -c "%f %u %g %s	%Y %Z %i" "$l")"; done' sh {} + -o -exec stat -c '%n		%f %u %g %s	%Y %Z %i' {} +
fi 2>/dev/null
}
sums() {
find "$@" -xdev '(' ${shellQuoteAll(prune)} ')' -prune -o '(' '(' ${shellQuoteAll(packaged)} ')' ! -path '/usr/local' ! -path '/usr/local/*' ')' -prune -o -type f -size -2049 -exec md5sum {} + 2>/dev/null
}
installed() {
if has dpkg-query; then dpkg-query -W -f '\${db:Status-Status}\\t\${Package}:\${Architecture}\\t\${Version}\\n' | awk -F '\\t' '$1 == "installed" { print $2 "\\t" $3 }'; fi
if has rpm && [ -d /var/lib/rpm ]; then rpm -qa --qf '%{NAME}:%{ARCH}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n' 2>/dev/null; fi
if [ -f /lib/apk/db/installed ]; then awk '/^P:/ { name = substr($0, 3) } /^V:/ { print name ":\\t" substr($0, 3) }' /lib/apk/db/installed; fi
}
for tool in find stat awk md5sum mktemp; do has "$tool" || lacks "$tool"; done
`;

/** With no words: all disks. What it keeps is root's alone, and survives a reboot, which /run and /tmp do not. */
export const takeScript = `${functions}umask 077
folder=$(mktemp -d /var/tmp/goqemu-baseline.XXXXXX) || exit 1
how=plain; find / -maxdepth 0 -printf '' 2>/dev/null && how=gnu
echo "$how" > "$folder/how"
if [ $# -eq 0 ]; then set -f; IFS='
'; set -- $(disks); set +f; unset IFS; fi
printf '%s\\n' "$@" > "$folder/within"
walk "$@" > "$folder/files"
sums "$@" > "$folder/sums"
installed > "$folder/packages"
if [ -d /var/lib/dpkg/info ]; then mkdir "$folder/lists" && cp /var/lib/dpkg/info/*.list "$folder/lists" 2>/dev/null; fi
if has rpm && [ -d /var/lib/rpm ]; then rpm -qa --qf '[%{=NAME}\\t%{FILENAMES}\\n]' > "$folder/owned" 2>/dev/null; fi
if [ -f /lib/apk/db/installed ]; then cp /lib/apk/db/installed "$folder/apk"; fi
if [ "$how" = plain ]; then sleep 1; fi
printf 'folder %s\\nfiles %s\\npackages %s\\n' "$folder" "$(wc -l < "$folder/files")" "$(wc -l < "$folder/packages")"`;

/** $1 the folder of a baseline: prints it, for another guest. */
export const packScript = `for tool in tar gzip base64; do has "$tool" || lacks "$tool"; done
tar -C "$1" -cf - . | gzip -c | base64`;

/** Reads what the script above printed, and prints the folder. */
export const unpackScript = `for tool in tar gzip base64 mktemp; do has "$tool" || lacks "$tool"; done
umask 077
folder=$(mktemp -d /var/tmp/goqemu-baseline.XXXXXX) || exit 1
base64 -d | gzip -dc | tar -C "$folder" -xf - || exit 1
printf 'folder %s\\n' "$folder"`;

const different = `FILENAME == ARGV[1] { what[$1] = $3; to[$1] = $2; when[$1] = $4; next }
!($1 in what) { print "created", $1, "", $3; next }
what[$1] != $3 || to[$1] != $2 || when[$1] != $4 { print "touched", $1, what[$1], $3, to[$1], $2, when[$1], $4 }
{ delete what[$1] }
END { for (path in what) print "removed", path, what[path] }`;

const versions = `FILENAME == ARGV[1] { before[$1] = $2; next }
!($1 in before) { print "package", $1, "", $2; next }
before[$1] != $2 { print "package", $1, before[$1], $2 }
{ delete before[$1] }
END { for (name in before) print "package", name, before[name] }`;

/** $1 the folder of the baseline. Contents of what was touched are read again where the baseline has read them. */
export const compareScript = `${functions}folder=$1
[ -f "$folder/packages" ] || { echo missing; exit 0; }
umask 077
how=$(cat "$folder/how")
set -f; IFS='
'; set -- $(cat "$folder/within"); set +f; unset IFS
walk "$@" > "$folder/now"
installed > "$folder/packages-now"
awk -F '\\t' -v OFS='\\t' '${different}' "$folder/files" "$folder/now" > "$folder/changes"
awk -F '\\t' '$1 == "touched" { print $2 }' "$folder/changes" > "$folder/touched"
awk 'FILENAME == ARGV[1] { touched[$0] = 1; next }
{ path = $0; sub(/^[0-9a-f]+  /, "", path); if (path in touched) print "before\\t" path "\\t" $1 }' "$folder/touched" "$folder/sums" > "$folder/before"
cat "$folder/before"
cut -f 2 "$folder/before" | tr '\\n' '\\0' | xargs -0 -r md5sum 2>/dev/null | awk '{ path = $0; sub(/^[0-9a-f]+  /, "", path); print "now\\t" path "\\t" $1 }'
awk -F '\\t' -v OFS='\\t' '${versions}' "$folder/packages" "$folder/packages-now"
cat "$folder/changes"
echo end`;

/** $1 seconds, then paths, or none for all disks: what has changed since then, removed files by their folders. */
export const changedSinceScript = `${functions}seconds=$1; shift
how=plain; find / -maxdepth 0 -printf '' 2>/dev/null && how=gnu
if [ $# -eq 0 ]; then set -f; IFS='
'; set -- $(disks); set +f; unset IFS; fi
walk "$@" | awk -F '\\t' -v since="$(($(date +%s) - seconds))" '{ split($4, times, " "); if (times[2] >= since) print $1 }' | head -n 20000`;

/** $1 the folder of the baseline, then names of packages: the files that they own, or owned then. */
export const ownedScript = `has() { command -v "$1" >/dev/null 2>&1; }
folder=$1; shift
for name; do
cat "$folder/lists/$name.list" "$folder/lists/$name:"*.list "/var/lib/dpkg/info/$name.list" "/var/lib/dpkg/info/$name:"*.list
if [ -f "$folder/owned" ]; then awk -F '\\t' -v name="$name" '$1 == name { print $2 }' "$folder/owned"; rpm -ql -- "$name"; fi
if [ -f "$folder/apk" ]; then awk -v name="$name" '/^P:/ { here = substr($0, 3) == name } here && /^F:/ { path = "/" substr($0, 3); print path } here && /^R:/ { print path "/" substr($0, 3) }' "$folder/apk" /lib/apk/db/installed; fi
done 2>/dev/null
:`;
