import { defineLab } from 'goqemu';

const service = (name: string, more = '') => `[Unit]
Description=${name} of the shop
[Service]
ExecStart=/usr/bin/python3 /opt/shop/${name}.py
DynamicUser=yes
Restart=always
RestartSec=500ms
${more}[Install]
WantedBy=multi-user.target
`;

// A shop on two machines: `web` answers requests and asks `db`, which keeps the orders. Test it with `goqemu test`.
export default defineLab({ name: 'shop' }, (lab) => {
  const lan = lab.network('lan');
  // Booted once; both machines start from its running memory.
  const base = lab
    .template('base', { memory: '512 MiB', cpus: 1 })
    .upload('program', './program', '/opt/shop')
    .checkpoint('base');
  lab
    .vm('db', { from: base.at.base, networks: { lan } })
    .file('unit', '/etc/systemd/system/orders.service', service('orders', 'StateDirectory=orders\n'))
    .run('start', 'systemctl daemon-reload && systemctl enable --now orders')
    .waitFor('orders', { port: 8081 })
    .checkpoint('ready');
  const web = lab
    .vm('web', { from: base.at.base, networks: { lan }, forward: { http: 8080 } })
    .file('title', '/etc/shop/title', 'The shop\n')
    .file('unit', '/etc/systemd/system/shop.service', service('shop'))
    .run('start', 'systemctl daemon-reload && systemctl enable --now shop')
    .waitFor('shop', { port: 8080 })
    .checkpoint('ready');
  return { url: `http://127.0.0.1:${web.forwarded.http}/` };
});
