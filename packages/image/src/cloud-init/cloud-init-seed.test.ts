import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import fc from 'fast-check';
import { type CloudConfigOptions, cloudConfig } from './cloud-config.ts';
import { cloudInitSeed } from './cloud-init-seed.ts';
import { yamlSafeJson } from './yaml-safe-json.ts';

const options: CloudConfigOptions = {
  hostname: 'web',
  user: 'debian',
  authorizedKeys: ['ssh-ed25519 AAAA lab\n'],
  sshHostKeys: {
    ed25519Private: '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n',
    ed25519Public: 'ssh-ed25519 BBBB host\n',
  },
};

function parsed(text: string): Record<string, unknown> {
  const [first, ...rest] = text.split('\n');
  assert.equal(first, '#cloud-config');
  return JSON.parse(rest.join('\n')) as Record<string, unknown>;
}

test('the user has its keys, sudo without a password, and no password of its own', () => {
  const { users, ssh_pwauth } = parsed(cloudConfig(options));
  assert.deepEqual(users, [
    {
      name: 'debian',
      gecos: 'goqemu',
      shell: '/bin/bash',
      sudo: 'ALL=(ALL) NOPASSWD:ALL',
      lock_passwd: true,
      ssh_authorized_keys: ['ssh-ed25519 AAAA lab'],
    },
  ]);
  assert.equal(ssh_pwauth, false);
});

test('the host has the one key that is pinned, and all others are deleted', () => {
  const { ssh_keys, ssh_deletekeys } = parsed(cloudConfig(options));
  assert.equal(ssh_deletekeys, true);
  assert.deepEqual(ssh_keys, {
    ed25519_private: options.sshHostKeys.ed25519Private,
    ed25519_public: 'ssh-ed25519 BBBB host',
  });
});

test('the package lists are fetched only for packages that are asked for', () => {
  assert.equal(parsed(cloudConfig(options)).package_update, false);
  const withPackages = parsed(cloudConfig({ ...options, packages: ['qemu-guest-agent'] }));
  assert.equal(withPackages.package_update, true);
  assert.deepEqual(withPackages.packages, ['qemu-guest-agent']);
});

test('a lab may add to cloud-config, but not change who the machine is or who may log in', () => {
  assert.deepEqual(parsed(cloudConfig({ ...options, extraUserData: { runcmd: ['true'] } })).runcmd, ['true']);
  for (const key of ['users', 'hostname', 'ssh_keys', 'ssh_deletekeys', 'ssh_pwauth', 'preserve_hostname'])
    assert.throws(
      () => cloudConfig({ ...options, extraUserData: { [key]: true } }),
      (error) => hasErrorCode(error, 'seed-key-reserved') && error.subject === key,
    );
});

test('any text survives as JSON and holds no character that YAML folds or refuses', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = yamlSafeJson({ text });
      assert.deepEqual(JSON.parse(written), { text });
      assert.match(written, /^(?:[\n\x20-\x7e\u00a0-\ufefe\uff00-\ufffd])*$/);
      assert.doesNotMatch(written, /[\u2028\u2029]/);
    }),
  );
});

test('a seed is the same bytes each time, and another for another instance', () => {
  const seed = (instanceId: string) => cloudInitSeed({ ...options, instanceId });
  assert.deepEqual(seed('i-1'), seed('i-1'));
  assert.notDeepEqual(seed('i-1'), seed('i-2'));
});

test('a network configuration is a file of its own', () => {
  const plain = Buffer.from(cloudInitSeed({ ...options, instanceId: 'i-1' }));
  assert.ok(!plain.includes('network-config'));
  const networkConfig = { version: 2, ethernets: { lan: { match: { macaddress: '52:54:00:00:00:01' }, dhcp4: true } } };
  const seed = Buffer.from(cloudInitSeed({ ...options, instanceId: 'i-1', networkConfig }));
  assert.ok(seed.includes('network-config') && seed.includes('52:54:00:00:00:01'));
});
