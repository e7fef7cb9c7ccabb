import { shellQuote } from '@goqemu/core';
import type { Script } from '../ask/ask-guest.ts';

export interface HttpSubject {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bytes of a body that are read. */
export const bodyLimit = 256 * 1024;

/** No answer within this is none; there is another attempt. */
const longestSeconds = 10;

/**
 * A request from within the guest, as the machine's user, by whichever program is there. Certificates are not checked: a
 * guest's own are self-signed. The first line of the answer names the program.
 */
export function requestScript({ url, method, headers }: HttpSubject, timeoutMs: number): Script {
  const seconds = Math.max(1, Math.min(longestSeconds, Math.floor(timeoutMs / 1000)));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const own = [`Host: ${url.host}`, 'Connection: close', 'User-Agent: goqemu', ...lines];
  const isPlain = url.protocol === 'http:';
  const wgetHeaders = lines.map((line) => ` --header=${shellQuote(line)}`).join('');
  const curlHeaders = lines.map((line) => ` -H ${shellQuote(line)}`).join('');
  const curlMethod = method === 'HEAD' ? '--head' : `-X ${shellQuote(method)}`;
  const target = `${url.pathname}${url.search}`;
  const script = `if has curl; then echo curl
curl -q -sS -i -k -g --path-as-is --max-time "$2" ${curlMethod}${curlHeaders} -- "$1" | head -c ${bodyLimit + 65536}
elif has wget && wget --version 2>/dev/null | grep -q 'GNU Wget'; then echo wget
wget -q -S -O - --no-config --content-on-error --max-redirect=0 --no-check-certificate --tries=1 --timeout="$2" --method=${shellQuote(method)}${wgetHeaders} -- "$1" | head -c ${bodyLimit}
${isPlain ? `elif has perl && perl -MIO::Socket::IP -e 1 2>/dev/null; then echo perl\nperl -MIO::Socket::IP -e '${perl}' "$2" "$3" "$4" ${shellQuote(`${method} ${target} HTTP/1.0`)} ${own.map(shellQuote).join(' ')}` : ''}
elif has python3; then echo python
python3 -c '${python}' "$2" "$1" ${shellQuote(method)} ${lines.map(shellQuote).join(' ')}
${method === 'GET' ? `elif has wget; then echo wget-of-busybox\nwget -q -S -O - ${isPlain ? '' : '--no-check-certificate'}${wgetHeaders} "$1" | head -c ${bodyLimit}` : ''}
else lacks 'curl, wget, ${isPlain ? 'Perl or Python' : 'or Python'}'; fi
:`;
  return { script: script.replaceAll(/\n\n/g, '\n'), words: [url.href, seconds, host, port], sudo: false };
}

/** In the base of each Debian, which curl is not. */
const perl = `my ($t, $h, $p, @head) = @ARGV; $SIG{ALRM} = sub { die "no answer within $t s\\n" }; alarm $t;
my $s = IO::Socket::IP->new(PeerHost => $h, PeerPort => $p) or die "$@\\n";
print $s join("\\r\\n", @head, "", ""); $s->flush; my $n = 0;
while ($n < ${bodyLimit + 65536} and sysread($s, my $part, 65536)) { $n += length $part; print $part }`;

const python = `import sys, ssl, http.client as h
from urllib.parse import urlsplit
limit, url, method = float(sys.argv[1]), urlsplit(sys.argv[2]), sys.argv[3]
try:
    if url.scheme == "https":
        c = h.HTTPSConnection(url.hostname, url.port, timeout=limit, context=ssl._create_unverified_context())
    else:
        c = h.HTTPConnection(url.hostname, url.port, timeout=limit)
    path = (url.path or "/") + ("?" + url.query if url.query else "")
    c.request(method, path, headers=dict(x.split(": ", 1) for x in sys.argv[4:]))
    r = c.getresponse()
    out = sys.stdout.buffer
    out.write(("HTTP/1.1 %d %s\\r\\n" % (r.status, r.reason)).encode("latin-1"))
    for name, value in r.getheaders(): out.write(("%s: %s\\r\\n" % (name, value)).encode("latin-1"))
    out.write(b"\\r\\n" + r.read(${bodyLimit}))
except (OSError, h.HTTPException) as e: sys.exit(str(e) or type(e).__name__)`;
