import { defineLab, sh, z } from 'goqemu';

// A server and a client that start side by side. The client waits for a token that only the running server knows.
export default defineLab(
  { name: 'two-vms', params: z.object({ greeting: z.string().default('hello') }) },
  (lab, params) => {
    const server = lab
      .vm('server', { memory: '512 MiB', cpus: 1 })
      .file('greeting', '/srv/greeting', `${params.greeting}\n`)
      .capture('token', 'cat /proc/sys/kernel/random/uuid')
      .checkpoint('ready');

    const client = lab
      .vm('client', { memory: '512 MiB', cpus: 1 })
      .run('join', sh`printf '%s\n' ${server.out.token} > /root/token`)
      .checkpoint('joined');

    return { token: server.out.token, serverPort: server.sshPort, clientPort: client.sshPort };
  },
);
