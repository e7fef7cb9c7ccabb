import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CloudInitReader, cloudInitSuites } from '@goqemu/testing/cloud-init-reader';
import { type CloudConfigOptions, cloudConfig } from './cloud-config.ts';

const options: CloudConfigOptions = {
  hostname: 'web',
  user: 'debian',
  authorizedKeys: ['ssh-ed25519 AAAA lab\n'],
  sshHostKeys: {
    ed25519Private: '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n',
    ed25519Public: 'ssh-ed25519 BBBB host\n',
  },
};
const versions = { bookworm: /^22\.4/, trixie: /^25\.1/, sid: /^2[6-9]\./ };

/** Runs cloud-init's module for /etc/hosts on a file, with the user-data as it has read it, as at each boot. */
const manageHosts = `
import sys
from cloudinit import helpers, util
from cloudinit.config import cc_update_etc_hosts as module
from cloudinit.distros.debian import Distro
user_data, hosts = sys.argv[1:]
cfg = util.load_yaml(open(user_data).read())
class Cloud:
    distro = Distro('debian', {}, helpers.Paths({}))
    def get_hostname(self, fqdn=False, metadata_only=False):
        class Name(tuple):
            hostname = 'web.localdomain' if fqdn else 'web'
        return Name()
Cloud.distro.hosts_fn = hosts
import inspect, logging
from cloudinit.version import version_string
given = {'name': 'x', 'cfg': cfg, 'cloud': Cloud(), 'log': logging.getLogger(), 'args': []}
module.handle(**{name: given[name] for name in inspect.signature(module.handle).parameters})
print(version_string())
`;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-user-data-'));
});
after(() => rm(folder, { recursive: true, force: true }));

for (const suite of cloudInitSuites)
  test(`the cloud-init of ${suite} finds user-data valid, and leaves what steps wrote to /etc/hosts`, async () => {
    const reader = await CloudInitReader.of(suite);
    const forms: Record<string, CloudConfigOptions> = {
      full: { ...options, shell: '/bin/sh', packages: ['qemu-guest-agent'], extraUserData: { runcmd: [['true']] } },
      layer: { ...options, isSetUp: true },
    };
    for (const [name, form] of Object.entries(forms)) {
      const file = join(folder, `${suite}-${name}`);
      await writeFile(file, cloudConfig(form));
      assert.match(await reader.schema(file), /^Valid (cloud-config|schema)/, name);
    }

    const hosts = join(folder, `${suite}-hosts`);
    const boot = async () =>
      assert.match(await reader.python(manageHosts, join(folder, `${suite}-full`), hosts), versions[suite]);
    await writeFile(hosts, '127.0.0.1 localhost\n');
    await boot();
    const first = await readFile(hosts, 'utf8');
    assert.match(first, /^127\.0\.0\.1\s+localhost$/m);
    assert.match(first, /^127\.0\.1\.1\s+web\.localdomain\s+web$/m);
    await writeFile(hosts, `${first}10.0.0.9 peer\n`);
    await boot();
    assert.equal(await readFile(hosts, 'utf8'), `${first}10.0.0.9 peer\n`);
  });
