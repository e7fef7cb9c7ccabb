import assert from 'node:assert/strict';
import { test as base, expect } from 'goqemu/test';
import lab from './lab.ts';

// Each test begins with both machines as they were at the checkpoint "ready", whatever the one before has done to them.
const test = base.extend('lab', lab, { at: 'ready', machines: ['web', 'db'], networks: ['lan'] });

const order = 'curl -fsS -d "one pizza" http://db:8081/orders';
const page = 'http://localhost:8080/';

test('both services run, and start with their machine', async ({ web, db }) => {
  await expect(web.unit('shop')).toBeActive();
  await expect(web.unit('shop')).toBeEnabled();
  await expect(db.unit('orders')).toBeActive();
  await expect(db.unit('orders')).toBeEnabled();
});

test('the page shows how many orders there are', async ({ web }) => {
  await expect(web.http(page)).toHaveBody('The shop: 0 orders');
  await web.exec(order, { check: true });
  await web.exec(order, { check: true });
  await expect(web.http(page)).toHaveBody('The shop: 2 orders');
});

test('no order of another test is left', async ({ web, db }) => {
  await expect(web.http(page)).toHaveBody('The shop: 0 orders');
  await expect(db.file('/var/lib/orders/orders')).toHaveContent('');
});

test('the page is closed while the orders cannot be reached, and opens again', async ({ web, db, net }) => {
  await net.lan.partition(web, db);
  await expect(db.port(8081)).not.toBeReachableFrom(web);
  await expect(web.http(page)).toHaveStatus(503);
  await net.lan.heal();
  await expect(web.http(page)).toHaveStatus(200, { timeout: '1 min' });
});

test('a slow network delays the page, and does not close it', async ({ web, net }) => {
  await net.lan.setFaults({ latency: 200 });
  await expect(web.http(page)).toHaveStatus(200, { timeout: '1 min' });
});

test('an order survives a restart of the service', async ({ web, db }) => {
  await web.exec(order, { check: true });
  await db.exec('systemctl restart orders', { sudo: true, check: true });
  await expect(web.http(page)).toHaveBody('The shop: 1 orders', { timeout: '1 min' });
});

test('the services come back after they are killed', async ({ web, db, mark }) => {
  await mark('before they are killed');
  await web.exec('systemctl kill --signal=SIGKILL shop', { sudo: true, check: true });
  await db.exec('systemctl kill --signal=SIGKILL orders', { sudo: true, check: true });
  await expect(web.http(page)).toHaveStatus(200, { timeout: '1 min' });
});

test('a service that hangs closes the page within its time limit', async ({ web, db }) => {
  await db.exec('systemctl kill --signal=SIGSTOP orders', { sudo: true, check: true });
  await expect(web.http(page)).toHaveBody(/is closed: .*timed out/, { timeout: '1 min' });
});

test('an order for which there is no room is refused, and the page stays open', async ({ web, db }) => {
  // A file system of its own would be kinder; this fills the disk of the machine.
  await db.exec(
    'fallocate -l "$(df --output=avail -B1 / | tail -n 1)" /full; cat /dev/zero > /full.rest 2> /dev/null',
    {
      sudo: true,
    },
  );
  const { exitCode } = await web.exec(order);
  assert.equal(exitCode, 22, 'curl ends with 22 where the server refuses');
  await expect(web.http(page)).toHaveBody('The shop: 0 orders');
});

test('the services have no more rights than they need', async ({ web, db }) => {
  await expect(db.command('ps -o user= -C python3')).not.toPrint('root');
  await expect(web.command('ps -o user= -C python3')).not.toPrint('root');
  await expect(db.file('/etc/systemd/system/orders.service')).toHaveOwner('root:root');
  await expect(db.file('/etc/systemd/system/orders.service')).toHaveMode('0644');
});

test('another title changes its file and nothing else', async ({ web }) => {
  await using _baseline = await web.baseline({ within: ['/etc', '/opt'] });
  await web.exec('echo "Pizza and more" > /etc/shop/title', { sudo: true, check: true });
  await expect(web.http(page)).toHaveBody('Pizza and more: 0 orders');
  await expect(web).toHaveChangedOnly({ files: ['/etc/shop/title'] });
});

test('the steps of the lab can run again', async ({ lab }) => {
  await expect(lab.step('db', 'unit')).toBeIdempotent();
  await expect(lab.step('db', 'start')).toBeIdempotent();
});
