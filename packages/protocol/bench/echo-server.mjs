// A monitor that answers every line at once with the id it came with: the client is then what is measured.
import { createServer } from 'node:net';

const greeting =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}\r\n';

function answer(line) {
  const id = /"id":(\d+)\}$/.exec(line)?.[1];
  return `{"return": {"status": "running", "running": true}${id ? `, "id": ${id}` : ''}}\r\n`;
}

createServer((socket) => {
  let rest = '';
  socket.write(greeting);
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    socket.write(lines.map(answer).join(''));
  });
}).listen(process.argv[2]);
