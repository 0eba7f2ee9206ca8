/**
 * The stub of Catapult: accepts each message and echoes it, as a process of its own. Its parent asks it for how many
 * messages it accepted, with any message over IPC. It takes traces too, and throws them away.
 */
import { createServer } from 'node:http';
import process from 'node:process';

let accepted = 0;

/** As Catapult's ids are: 13 digits that are the message's time in milliseconds, and 16 letters or digits. */
const idOf = (timeMs, number) => `${timeMs}${number.toString(36).padStart(16, '0')}`;

function answerTo(body) {
  const { to, from, text, applicationId, media, tag } = JSON.parse(body);
  const timeMs = Date.now();
  const time = new Date(timeMs).toISOString();
  const id = idOf(timeMs, ++accepted);
  return { id, owner: from, applicationId, time, segmentCount: 1, direction: 'out', to, from, text, media, tag };
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

createServer((request, response) => {
  if (request.url === '/v1/traces') return request.resume().once('end', () => response.end());
  // The list of messages, which a server may read at its start to see whether its credentials are good.
  if (request.method !== 'POST') return response.writeHead(200, JSON_TYPE).end('{"totalCount":0,"messages":[]}');
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => response.writeHead(202, JSON_TYPE).end(JSON.stringify(answerTo(body))));
}).listen(0, '127.0.0.1', function () {
  process.send({ url: `http://127.0.0.1:${this.address().port}` });
});

process.on('message', () => process.send({ accepted }));
process.on('disconnect', () => process.exit());
