import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { sleep } from '@goqemu/core';
import type { GuestSession } from '../session/guest-session.ts';
import { realGuest } from '../session/session.fixture.ts';
import { channelSession } from './far-end.fixture.ts';

const soak = process.env.GOQEMU_SOAK !== undefined;

interface Way extends AsyncDisposable {
  readonly session: GuestSession;
  readonly home?: string;
}

const ways: Readonly<Record<string, () => Promise<Way>>> = {
  SSH: () => realGuest({ reconnectMs: 10_000 }),
  'the channel': async () => {
    const session = await channelSession();
    return { session, home: tmpdir(), [Symbol.asyncDispose]: () => session.close() };
  },
};

/** A command means the same by every way. */
for (const [name, open] of Object.entries(ways))
  describe(`commands by ${name}`, () => {
    let way: Way;
    let session: GuestSession;
    before(async () => {
      way = await open();
      session = way.session;
    });
    after(() => way[Symbol.asyncDispose]());

    test('output, errors and exit code are kept apart', async () => {
      const { stdout, stderr, exitCode, signal } = await session.exec('echo out; echo err >&2; exit 3');
      assert.deepEqual([stdout, stderr, exitCode, signal], ['out\n', 'err\n', 3, null]);
    });

    test('an end by a signal is reported by its name', async () => {
      const { exitCode, signal } = await session.exec('kill -KILL $$');
      assert.deepEqual([exitCode, signal], [null, 'KILL']);
    });

    test('standard input arrives byte by byte, and its end with it', async () => {
      const bytes = randomBytes(1_000_003);
      const digest = createHash('sha256').update(bytes).digest('hex');
      assert.equal((await session.exec('sha256sum', { input: bytes })).stdout.slice(0, 64), digest);
      assert.equal((await session.exec('cat; echo ended')).stdout, 'ended\n');
    });

    test('input that is not read holds nothing up', async () => {
      assert.equal((await session.exec('exit 4', { input: Buffer.alloc(5_000_000) })).exitCode, 4);
    });

    test('binary output arrives as it was written', async () => {
      const chunks: Buffer[] = [];
      const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await session.exec('cat', { input: all, onStdout: (chunk) => chunks.push(chunk) });
      assert.deepEqual(Buffer.concat(chunks), all);
    });

    test('large output arrives whole, with both streams under way', async () => {
      const megabytes = soak ? 1024 : 24;
      let [stdout, stderr] = [0, 0];
      for await (const { stream, data } of session.stream(
        `head -c ${megabytes * 2 ** 20} /dev/zero & head -c 3000000 /dev/zero >&2; wait`,
      ))
        if (stream === 'stdout') stdout += data.length;
        else stderr += data.length;
      assert.deepEqual([stdout, stderr], [megabytes * 2 ** 20, 3_000_000]);
    });

    test('a reader that stands still holds the guest back, and gets everything later', async () => {
      let bytes = 0;
      for await (const { data } of session.stream('head -c 6000000 /dev/zero; echo end')) {
        if (bytes === 0) await sleep(200);
        bytes += data.length;
      }
      assert.equal(bytes, 6_000_004);
    });

    test('a list of words is quoted one by one, and reaches its program as it is', async () => {
      const words = ['printf', '<%s>', "it's", 'a  b', '$HOME', '*', '!x', '\\', '~', 'a=b', ''];
      assert.equal((await session.exec(words)).stdout, "<it's><a  b><$HOME><*><!x><\\><~><a=b><>");
      assert.equal((await session.exec(['printf', '%s', 'two\nlines'])).stdout, 'two\nlines');
      assert.equal((await session.exec(['/no/such/program'])).exitCode, 127);
      assert.equal((await session.exec(['cat'], { input: 'in' })).stdout, 'in');
    });

    test('a program that is given too little time is ended in the guest', async () => {
      let pid = 0;
      const words = ['perl', '-e', '$| = 1; print $$; sleep 60'];
      const onStdout = (chunk: Buffer) => {
        pid = Number(chunk.toString());
      };
      await assert.rejects(session.exec(words, { timeoutMs: 700, onStdout }), { code: 'timeout' });
      assert.ok(pid > 1, 'it had no time to start');
      await ended(pid);
    });

    test('the environment, the folder and the interpreter are those asked for', async () => {
      const { stdout } = await session.exec('print "$ENV{A} ", `pwd`;', {
        environment: { A: "it's" },
        workingDirectory: '/usr',
        interpreter: 'perl',
      });
      assert.equal(stdout, "it's /usr\n");
    });

    test('it runs as the user, in the home folder, with the usual mask and a PATH', async () => {
      const { username, uid, gid } = userInfo();
      const { stdout } = await session.exec(
        'id -u; id -g; pwd; cd; pwd; echo $USER $LOGNAME $HOME; umask; command -v cat',
      );
      const [user, group, begun, folder, names, mask, cat] = stdout.split('\n');
      assert.deepEqual([user, group], [String(uid), String(gid)]);
      assert.deepEqual([names, mask], [`${username} ${username} ${way.home ?? folder}`, '0022']);
      assert.ok(begun === folder || !way.home, `it began in ${begun}`);
      assert.match(cat ?? '', /\/cat$/);
    });

    test('another user is reached with its rights and its home folder', async () => {
      if (userInfo().uid !== 0) return assert.match((await session.exec('id -u')).stdout, /^\d+\n$/);
      const asked = { user: 'daemon', workingDirectory: '/' };
      const { stdout } = await session.exec('id -un; pwd; umask; echo $USER $LOGNAME', asked);
      assert.equal(stdout, 'daemon\n/\n0022\ndaemon daemon\n');
      const { stdout: words } = await session.exec(['printf', '%s', '$HOME it’s'], { user: 'daemon' });
      assert.equal(words, '$HOME it’s');
    });

    test('what ran too long as another user is ended in the guest', async () => {
      if (userInfo().uid !== 0) return; // needs the right to become one
      let pid = 0;
      const onStdout = (chunk: Buffer) => {
        pid = Number(chunk.toString());
      };
      const running = session.exec('sleep 60 & echo $!; wait', { user: 'daemon', timeoutMs: 700, onStdout });
      await assert.rejects(running, { code: 'timeout' });
      assert.ok(pid > 1);
      await ended(pid);
    });

    test('a user that there is not is refused', async () => {
      await assert.rejects(session.exec('true', { user: 'no-such-user' }), { code: 'privilege-denied' });
    });

    test('a time-out ends the command in the guest, with what it started', async () => {
      let pid = 0;
      const running = session.exec('sleep 60 & echo $!; wait', {
        timeoutMs: 700,
        onStdout: (chunk) => {
          pid = Number(chunk.toString());
        },
      });
      await assert.rejects(running, { code: 'timeout' });
      assert.ok(pid > 1);
      await ended(pid);
    });

    test('a signal ends a command whose output is not read to its end', async () => {
      for await (const { data } of session.stream('echo $$; exec yes')) {
        const pid = Number(data.toString().split('\n')[0]);
        assert.ok(pid > 1);
        break;
      }
      assert.equal((await session.exec('echo next')).stdout, 'next\n');
    });

    test('what a command leaves in the background does not keep it from its end', async () => {
      const { stdout } = await session.exec('sleep 30 & echo $!');
      process.kill(Number(stdout));
    });

    test('two hundred at once all come back with their own output', async () => {
      const results = await Promise.all(Array.from({ length: 200 }, (_, i) => session.exec(`echo ${i}`)));
      assert.deepEqual(
        results.map(({ stdout }) => stdout),
        Array.from({ length: 200 }, (_, i) => `${i}\n`),
      );
    });
  });

async function ended(pid: number): Promise<void> {
  for (let tries = 0; existsSync(`/proc/${pid}/cmdline`) && tries < 100; tries++) await sleep(50);
  assert.ok(!existsSync(`/proc/${pid}`), `process ${pid} still runs`);
}
