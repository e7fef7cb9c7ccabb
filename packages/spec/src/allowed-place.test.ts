import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowMistake, allowSummary, parseAllowedPlace, tidyAllowedPlaces } from './allowed-place.ts';

test('a place is a name, all names below one, an address or a range, with a port or none', () => {
  assert.deepEqual(parseAllowedPlace('Packages.Example.org'), { kind: 'name', name: 'packages.example.org' });
  assert.deepEqual(parseAllowedPlace('*.example.org:443'), { kind: 'names', suffix: 'example.org', port: 443 });
  assert.deepEqual(parseAllowedPlace('198.51.100.7:22'), {
    kind: 'addresses',
    range: { base: 0xc6336407, prefix: 32, size: 1 },
    port: 22,
  });
  assert.deepEqual(parseAllowedPlace('203.0.113.0/24'), {
    kind: 'addresses',
    range: { base: 0xcb007100, prefix: 24, size: 256 },
  });
  const wrong = ['', 'localhost', '*', '*.org.', 'a..b', '-a.example.org', '203.0.113.7/24', '256.0.0.1', '1.2.3', 7];
  for (const text of [...wrong, 'a.example.org:0', 'a.example.org:65536', 'http://a.example.org', 'fd00::1', 'a.*.org'])
    assert.equal(parseAllowedPlace(text), undefined, String(text));
});

test('a list that is wrong is said with the place in it', () => {
  assert.equal(allowMistake({ allow: ['a.example.org', '203.0.113.0/24'] }), undefined);
  assert.equal(allowMistake({ allow: [] }), undefined);
  assert.equal(allowMistake({ allow: ['a.example.org', 'nowhere'] })?.at, 'internet.allow[1]');
  assert.match(allowMistake({ allow: ['nowhere'] })?.expected ?? '', /, got "nowhere"$/);
  assert.equal(allowMistake(true)?.at, 'internet');
  assert.equal(allowMistake({})?.at, 'internet.allow');
  assert.equal(allowMistake({ allow: Array(257).fill('a.example.org') })?.at, 'internet.allow');
  assert.equal(allowMistake({ allow: [], deny: [] })?.at, 'internet.deny');
});

test('a list is shown in few words, each place once', () => {
  const allow = tidyAllowedPlaces(['A.example.org', 'a.example.org', '*.debian.org', '198.51.100.7', '203.0.113.0/24']);
  assert.deepEqual(allow, ['a.example.org', '*.debian.org', '198.51.100.7', '203.0.113.0/24']);
  assert.equal(allowSummary(allow), '2 names, 1 address, 1 range');
  assert.equal(allowSummary([]), 'nothing');
});
