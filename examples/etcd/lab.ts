import { defineLab, z } from 'goqemu';

const members = ['etcd-1', 'etcd-2', 'etcd-3'] as const;

// A cluster of three that survives the loss of one. Break it with `goqemu network partition lan etcd-3`, ask its members with
// `goqemu exec etcd-1 etcdctl endpoint health --cluster`, and end that with `goqemu network heal`.
export default defineLab(
  { name: 'etcd', params: z.object({ packages: z.string().optional() }) },
  (lab, { packages }) => {
    const lan = lab.network('lan', { cidr: '10.42.0.0/24' });
    // Installed once; the members start from its running memory. With `packages`, from .deb files in that folder.
    const bare = lab.template('base', { memory: '512 MiB', cpus: 1 });
    const installed =
      packages === undefined
        ? bare.run('install', 'apt-get update && apt-get install -y etcd-server etcd-client')
        : bare.upload('packages', packages, '/opt/packages').run('install', 'apt-get install -y /opt/packages/*.deb');
    const base = installed
      .run('empty', 'systemctl disable --now etcd && rm -rf /var/lib/etcd/*')
      .checkpoint('installed');

    const machines = members.map((name) => lab.vm(name, { from: base.at.installed, networks: { lan } }));
    const cluster = machines.map(({ name, ip }) => `${name}=http://${ip.lan}:2380`).join(',');
    for (const machine of machines) {
      const { name } = machine;
      const its = `http://${machine.ip.lan}`;
      const settings = `ETCD_NAME="${name}"
ETCD_LISTEN_PEER_URLS="${its}:2380"
ETCD_INITIAL_ADVERTISE_PEER_URLS="${its}:2380"
ETCD_LISTEN_CLIENT_URLS="${its}:2379,http://127.0.0.1:2379"
ETCD_ADVERTISE_CLIENT_URLS="${its}:2379"
ETCD_INITIAL_CLUSTER="${cluster}"
`;
      machine
        .file('settings', '/etc/default/etcd', settings)
        // A member is ready once a second one is there: none waits for the others here.
        .run('start', 'systemctl enable etcd && systemctl start --no-block etcd')
        .waitFor('cluster', { http: 'http://127.0.0.1:2379/health' }, { timeout: '5 min' })
        .checkpoint('ready');
    }
    return { endpoints: machines.map(({ ip }) => `http://${ip.lan}:2379`).join(',') };
  },
);
